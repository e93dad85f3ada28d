package dev.educe;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Map;

/// The little model that comes with Educe: it tells stories, and is there without a download.
///
/// `docs/embedded-model.md` says how it was made and what it can do.
public final class EmbeddedModel {
  /// What it is called.
  public static final String NAME = "educe-stories-2m";

  /// What may stand in the place of a file's path to mean it.
  public static final String KEYWORD = "embedded";

  private EmbeddedModel() {}

  /// Its file, to be loaded as any other: within the library's jar, or in a folder of classes.
  public static Path path() {
    try {
      URI file = EmbeddedModel.class.getResource(NAME + ".gguf").toURI();
      if (file.getScheme().equals("jar")) {
        open(file);
      }
      return Path.of(file);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    } catch (URISyntaxException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /// The jar as a file system; it stays open with the process.
  private static void open(URI file) throws IOException {
    try {
      FileSystems.newFileSystem(file, Map.of());
    } catch (FileSystemAlreadyExistsException _) {
      // Asked for before.
    }
  }
}
