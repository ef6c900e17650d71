"""The warehouse over PostgreSQL's wire protocol, as Amazon Redshift speaks it.

Bytes become messages (``messages``), messages go to one connection's ``conversation``, a coroutine
that does no input and output; sockets, TLS and threads are in ``listener`` and ``connection`` only.
"""
