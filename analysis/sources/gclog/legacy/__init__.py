"""What JDK 8 and before wrote: records of nested brackets, with the text of other threads inside."""
