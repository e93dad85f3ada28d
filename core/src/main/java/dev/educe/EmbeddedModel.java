package dev.educe;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// The little model that comes with Educe: it tells stories, and is there without a download.
///
/// `docs/embedded-model.md` says how it was made and what it can do. Thread-safe.
public final class EmbeddedModel {
  /// What it is called.
  public static final String NAME = "educe-stories-2m";

  /// What may stand in the place of a file's path to mean it.
  public static final String KEYWORD = "embedded";

  private static final String FILE = NAME + ".gguf";

  private static Optional<Path> copy = Optional.empty(); // once it was taken out of a jar

  private EmbeddedModel() {}

  /// Its file, to be loaded as any other. From a jar it is copied, once in a process, to the folder
  /// of temporary files, and goes when the process ends.
  ///
  /// @throws UncheckedIOException if it cannot be copied
  public static synchronized Path path() {
    URL resource = EmbeddedModel.class.getResource(FILE);
    try {
      if (resource.getProtocol().equals("file")) {
        return Path.of(resource.toURI());
      }
      if (copy.filter(Files::exists).isEmpty()) {
        copy = Optional.of(copy(resource));
      }
      return copy.get();
    } catch (IOException failed) {
      throw new UncheckedIOException("the embedded model: " + failed.getMessage(), failed);
    } catch (URISyntaxException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /// The file that a user means.
  ///
  /// @param text a path, or [#KEYWORD] where there is no file of that name
  /// @throws UncheckedIOException if the embedded model is meant and cannot be copied
  public static Path orFile(String text) {
    Path file = Path.of(text);
    return text.equals(KEYWORD) && !Files.exists(file) ? path() : file;
  }

  private static Path copy(URL resource) throws IOException {
    Path folder = Files.createTempDirectory("educe");
    folder.toFile().deleteOnExit(); // the last to be named is the first to go
    Path file = folder.resolve(FILE);
    file.toFile().deleteOnExit();
    try (var bytes = resource.openStream()) {
      Files.copy(bytes, file);
    }
    return file;
  }
}
