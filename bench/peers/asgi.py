"""The site for servers that speak ASGI: its WSGI application in four threads, as gunicorn has them."""

from a2wsgi import WSGIMiddleware

from gatekeeper.wsgi import application as wsgi_application

application = WSGIMiddleware(wsgi_application, workers=4)
