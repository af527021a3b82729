// A page that is only a form on the way to somewhere else: it is sent as soon as it is there.
document.querySelector("form[data-submits-itself]")?.submit();
