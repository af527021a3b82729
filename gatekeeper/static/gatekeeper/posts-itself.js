// A form with data-posts-itself is submitted at once. Without scripts its button does it.
document.querySelector("form[data-posts-itself]")?.submit();
