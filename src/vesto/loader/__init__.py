"""Reading and writing files for COPY and UNLOAD, in a process of its own.

Files are hostile: a process reads them that has no table open, and hands over Arrow.
"""
