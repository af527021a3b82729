"""The command ``saml_connection``: its arguments, what each subcommand does, and the text that it prints."""
