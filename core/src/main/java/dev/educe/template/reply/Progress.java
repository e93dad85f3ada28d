package dev.educe.template.reply;

/// What became of a character.
enum Progress {
  /// It was taken, and more may follow.
  MORE,
  /// It was taken, as the last.
  DONE,
  /// It was not taken: all ended before it.
  DONE_BEFORE,
  /// It was not taken: it cannot stand here.
  BAD
}
