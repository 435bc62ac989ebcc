"""Unified logging of JDK 9 and later: a search for what tells of events, other lines one by one."""
