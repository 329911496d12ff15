"""Planning and executing an audit, and judging stored evidence again; exceptions become statuses here."""
