"""The Python side of hostscore's plugin host: tries one plugin file and forks a process for each call of it."""
