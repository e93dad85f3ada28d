package dev.educe.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// `./dev bench pruned`: prunes a model, heals it by distillation from the whole one, and says what
/// is left of the loss. Only commands that anybody may type are run.
final class PrunedCommand {
  private static final Set<String> VALUED =
      Set.of("--on", "--share", "--context", "--tokens", "--samples", "--batch", "--learning-rate");
  private static final Duration LIMIT = Duration.ofHours(3);

  private final Path root;
  private final Path folder;
  private final String model;
  private final String text;
  private final Arguments arguments;

  /// @throws IllegalArgumentException if an option is unknown or its value is wrong
  PrunedCommand(Path root, List<String> words) {
    this.arguments = new Arguments(words, Set.of(), VALUED);
    if (arguments.rest().size() != 1 || arguments.value("--on").isEmpty()) {
      throw new IllegalArgumentException("name one MODEL, and a text with --on");
    }
    this.root = root;
    this.folder = root.resolve("bench/target/pruned");
    this.model = root.resolve(arguments.rest().getFirst()).toString();
    this.text = root.resolve(arguments.value("--on").get()).toString();
  }

  void run() throws PeerFailedException, IOException, InterruptedException {
    String pruned = folder.resolve("pruned.gguf").toString();
    String healed = folder.resolve("healed.gguf").toString();
    String context = option("--context", "256");
    System.out.println(
        educe(
            "prune",
            model,
            pruned,
            "--on",
            text,
            "-c",
            context,
            "--parameters",
            option("--share", "25%")));
    // What an earlier run left behind is of another student.
    for (String ending : List.of("", ".checkpoint", ".samples.txt")) {
      Files.deleteIfExists(Path.of(healed + ending));
    }
    System.out.println(
        educe(
            "distil",
            model,
            "--student",
            pruned,
            "--data",
            "self",
            "-o",
            healed,
            "--soft",
            "1",
            "--hints",
            "0",
            "--samples",
            option("--samples", "6000"),
            "--batch",
            option("--batch", "768"),
            "--tokens",
            option("--tokens", "2000000"),
            "--learning-rate",
            option("--learning-rate", "0.003")));
    System.out.println(
        educe("evaluate", pruned, healed, "--on", text, "-c", context, "--against", model));
  }

  private String option(String name, String otherwise) {
    return arguments.value(name).orElse(otherwise);
  }

  private String educe(String... words)
      throws PeerFailedException, IOException, InterruptedException {
    var command = new ArrayList<>(List.of(root.resolve("educe").toString()));
    command.addAll(List.of(words));
    System.out.println("$ educe " + String.join(" ", words));
    return new Child(command, folder, LIMIT).run().output();
  }
}
