"""GC logs of HotSpot: unified logging of JDK 9 and later, and the format of JDK 8 and before."""
