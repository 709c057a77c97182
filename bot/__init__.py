"""The running service: settings, assembly, commands, receive, dispatch, deliver."""
