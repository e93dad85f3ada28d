package dev.educe.compat;

import dev.educe.server.EduceServer;
import dev.educe.server.access.ApiKey;
import dev.educe.server.access.KeyFile;
import dev.educe.server.config.ServerConfig;
import dev.educe.server.config.Settings;
import dev.educe.server.http.Quota;
import dev.educe.server.http.Scope;
import dev.educe.server.model.EngineCatalogue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A server of this process on a free port of loopback, with a model of 260,000 parameters that
/// writes stories, called `stories`.
public final class StoryServer implements AutoCloseable {
  /// By which clients ask for the model.
  public static final String MODEL = "stories";

  /// What the model writes, greedily, after "Once upon a time".
  public static final String STORY =
      ", there was a little girl named Lily. She loved to play outside in the park. One day, she";

  private final EduceServer server;

  /// @param settings more of the server's, each `name=value`
  public StoryServer(String... settings) throws IOException {
    var all = new ArrayList<>(Arrays.asList(settings));
    all.add("port=0");
    all.add("models." + MODEL + ".file=" + model());
    all.add("models." + MODEL + ".aliases=gpt-4o-mini");
    all.add("models." + MODEL + ".sequences=16");
    all.add("models." + MODEL + ".chat-template=chatml");
    var read = new Settings();
    for (String setting : all) {
      String[] parts = setting.split("=", 2);
      read.put(parts[0], parts[1], "test");
    }
    var config = ServerConfig.of(read);
    var catalogue = new EngineCatalogue(config.models(), 0, Duration.ZERO);
    this.server = new EduceServer(config, catalogue, _ -> {});
  }

  /// A key for a server with the setting `keys`.
  ///
  /// @param file where keys are kept
  /// @param concurrent how many requests at a time it allows; 0 for any number
  public static String key(Path file, int concurrent) throws IOException {
    var created =
        ApiKey.create(
            "test",
            Set.of(Scope.INFERENCE),
            new Quota(0, 0, concurrent),
            Instant.now(),
            Optional.empty(),
            "");
    new KeyFile(file).change(_ -> List.of(created.key()));
    return created.secret();
  }

  /// The model's file.
  ///
  /// @throws IllegalStateException if it is not there
  public static Path model() {
    Path file = Path.of(System.getenv("EDUCE_TESTDATA"), "models", "stories260K.gguf");
    if (!Files.exists(file)) {
      throw new IllegalStateException("EDUCE_TESTDATA is set, but there is no " + file);
    }
    return file;
  }

  /// What clients take as their base URL.
  public String url() {
    return server.uri() + "/v1";
  }

  /// How many requests are being handled.
  public int underWay() {
    return server.underWay();
  }

  @Override
  public void close() {
    server.close();
  }
}
