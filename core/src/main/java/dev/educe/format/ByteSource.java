package dev.educe.format;

import java.io.IOException;
import java.nio.ByteBuffer;

/// Bytes of a known number that can be read at any position: a file, or a test's idea of one.
interface ByteSource {
  /// What messages call it.
  String name();

  /// How many bytes there are.
  long length();

  /// Fills `target`, whose bytes lie within [#length].
  ///
  /// @throws ModelFormatException if bytes are gone that were there
  /// @throws IOException if the platform fails
  void read(ByteBuffer target, long position) throws IOException;
}
