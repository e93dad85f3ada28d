package dev.educe.bench;

import java.io.IOException;

/// An inference engine that can be measured. Educe is one of them.
interface Peer {
  /// As it stands in the table.
  String name();

  /// Which one exactly; "unknown" where it does not tell.
  String version();

  /// Whether it can be asked for this test.
  default boolean offers(Test test) {
    return true;
  }

  /// Runs a test that it offers once, after a warm-up in the same process; [Test#START] without.
  ///
  /// @throws PeerFailedException if it gave no figure
  Sample run(Test test, int threads) throws PeerFailedException, IOException, InterruptedException;
}
