"""The profiles, a package each. A test is a function that asks the server; it ends, or says what is wrong."""
