"""Entry of the warm process of one plugin. Started by hostscore, never by hand: file descriptor 3 is its channel."""

import sys

from hostscore_worker.serve import serve

if __name__ == "__main__":
    # What stood here so that hostscore_worker is found must not lie in the way of a plugin's imports.
    del sys.path[0]
    # A process that multiprocessing spawns would import this file again. As under `python -c`, there is none.
    del __file__
    serve(3)
