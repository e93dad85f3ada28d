package dev.educe.cli;

/// Says that whoever reads standard output has gone, as `head` does when it has seen enough.
final class OutputClosedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  OutputClosedException() {
    super("nobody reads standard output any more");
  }
}
