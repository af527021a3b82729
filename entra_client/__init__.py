"""An Entra provisioning client: writes a company into any SCIM server as Microsoft Entra does, and checks the answers.

It knows nothing of the site, and speaks HTTP. ``manage.py simulate_entra`` is its command.
"""
