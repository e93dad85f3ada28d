package dev.educe.cli;

import dev.educe.optimize.Sample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Files of text that models are measured on.
final class TextFile {
  private TextFile() {}

  /// @throws IOException if the file cannot be read or is not UTF-8
  static Sample read(Path path) throws IOException {
    byte[] bytes = Files.readAllBytes(ModelFile.readable(path));
    return Sample.of(path.toString(), Display.decode(bytes, path.toString()));
  }
}
