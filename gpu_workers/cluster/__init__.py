"""Where the chunks of a video are read: in this process, or by actors of a Ray cluster."""
