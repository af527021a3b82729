"use strict";
// The page has a button as well, for browsers without scripts.
document.querySelector("form").submit();
