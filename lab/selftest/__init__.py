"""`make test-lab`: the compose lab on a real Docker engine, from building to nothing left behind."""
