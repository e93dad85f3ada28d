package dev.educe.server.model;

import java.io.IOException;
import java.nio.file.Path;

/// Loads a model for an entry of the catalogue.
@FunctionalInterface
public interface Loader {
  /// @throws IOException if it cannot be read
  ServedModel load(Path file, ModelOptions options) throws IOException;
}
