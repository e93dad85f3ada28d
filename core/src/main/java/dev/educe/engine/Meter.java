package dev.educe.engine;

/// Is told what each request took, on the engine's thread, once it has ended: where bills and
/// ledgers begin.
///
/// One that throws loses the event and harms nobody.
@FunctionalInterface
public interface Meter {
  /// A meter for those who do not count.
  Meter NONE = (_, _, _) -> {};

  /// @param tenant whose request it was
  /// @param finish why it ended
  /// @param usage what it took
  void ended(String tenant, Finish finish, Usage usage);
}
