package dev.educe.bench;

/// A peer is absent, or a run of it gave no figure: the message says why in one sentence.
final class PeerFailedException extends Exception {
  private static final long serialVersionUID = 1;

  PeerFailedException(String message) {
    super(message);
  }
}
