"""How the other servers in Python are run: as ours, and without what reads our settings."""

worker_class = "gthread"
threads = 4
keepalive = 75  # seconds
timeout = 600  # seconds; one of them fills itself first
preload_app = True
control_socket_disable = True
