raise ImportError('needs a module that is nowhere')
