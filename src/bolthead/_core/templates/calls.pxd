# `call` is for the code of templates alone.
