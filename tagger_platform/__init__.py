"""tagger_platform: names the music on radio and microphone streams, and keeps a log that can be trusted.

The path of a window, which is also the order in which to read the folders::

    stream -> capture -> spool -> recognize -> decide -> plays -> store -> page
"""

__version__ = "0.1.0"
