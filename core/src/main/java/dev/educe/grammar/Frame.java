package dev.educe.grammar;

/// What is open while a text is read: a rule to return from, or a loop and its turns so far.
///
/// Frames point to the one below and are never changed, so that all ways to read a text share what
/// they have in common. [Automaton] makes each once: equal frames are the same object.
final class Frame {
  /// Below it there is nothing: the text may end.
  static final Frame BOTTOM = new Frame(-1, false, 0, 0, null);

  /// Below it is what nobody looked at: see [TokenGrammar].
  static final Frame UNKNOWN = new Frame(-2, false, 0, 0, null);

  final long serial; // in the order of their making
  final boolean isLoop;
  final int target; // the loop, or where the rule's caller goes on
  final int turns; // of a loop
  final Frame below; // null at the bottom only

  Frame(long serial, boolean isLoop, int target, int turns, Frame below) {
    this.serial = serial;
    this.isLoop = isLoop;
    this.target = target;
    this.turns = turns;
    this.below = below;
  }

  /// The frame that returns, or the bottom: what is under the loops on top.
  Frame underLoops() {
    Frame frame = this;
    while (frame.isLoop) {
      frame = frame.below;
    }
    return frame;
  }
}
