package dev.educe.cli;

import dev.educe.Educe;
import dev.educe.LoadOptions;
import dev.educe.Model;
import dev.educe.cli.distil.LossPlot;
import dev.educe.cli.distil.ModelTeacher;
import dev.educe.cli.distil.TeacherSamples;
import dev.educe.format.UnsupportedModelException;
import dev.educe.kernels.KvType;
import dev.educe.optimize.train.Documents;
import dev.educe.optimize.train.FloatTeacher;
import dev.educe.optimize.train.HeldOut;
import dev.educe.optimize.train.History;
import dev.educe.optimize.train.Student;
import dev.educe.optimize.train.StudentSpec;
import dev.educe.optimize.train.Teacher;
import dev.educe.optimize.train.Trainer;
import dev.educe.optimize.train.Trainer.Report;
import dev.educe.optimize.train.Training;
import dev.educe.platform.Machine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `educe distil`: trains a small model on what a larger one says.
@Command(
    name = "distil",
    customSynopsis = "educe distil [OPTION]… MODEL --student SPEC --data FILE|self -o OUT",
    description = {
      "Trains a small model to say what a larger one says.",
      "",
      "The student learns the teacher's whole distribution over the next token of each text, and"
          + " the token that came. Where their vocabularies differ the distribution is carried over"
          + " byte by byte, and where that leaves something open, the text alone counts. The result"
          + " is a GGUF file in F32, the same with any number of threads. Ctrl-C leaves a"
          + " checkpoint beside OUT; the same command goes on from it."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  educe distil teacher.gguf --student layers=4,hidden=256,heads=8,ffn=512 --data self \\",
      "    -o student.gguf",
      "  educe distil teacher.gguf --student pruned.gguf --data book.txt -o healed.gguf",
      "",
      "A FILE of several texts has the line <|endoftext|> after each."
    })
final class DistilCommand implements Callable<Integer> {
  private static final String SELF = "self";

  /// Files of larger teachers are not read as floats.
  private static final long FLOAT_TEACHER_BYTES_MAX = 100L << 20;

  /// So often a checkpoint is written.
  private static final long PAUSE_NANOS = 60_000_000_000L;

  /// So often a line is printed where no bar can be drawn.
  private static final long LINE_NANOS = 30_000_000_000L;

  /// Steps whose losses are averaged for the eye.
  private static final int SHOWN_STEPS = 50;

  private static final int HELD_OUT_SHARE = 10;

  private final Console console;
  private long lineNanos;
  private long tokensDone;
  private long trainingStart;

  @Spec private CommandSpec spec;

  @Mixin private Loading loading;

  @Option(
      names = "--student",
      paramLabel = "SPEC",
      description = {
        "Dimensions, as layers=4,hidden=256,heads=8,kv-heads=4,ffn=512, to which vocabulary=512 for"
            + " a vocabulary of its own and context=512 may be added;",
        "or a GGUF file to go on from, for instance to heal a pruned model."
      })
  private String student;

  @Option(
      names = "--data",
      paramLabel = "FILE|self",
      description = "Texts to learn; 'self' has the teacher write them, at temperature 1.")
  private String data;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "OUT",
      description = "The GGUF file to write.")
  private Path output;

  @Option(
      names = "--samples",
      paramLabel = "N",
      defaultValue = "4000",
      description =
          "With --data self: how many texts the teacher writes; ${DEFAULT-VALUE} by default. They"
              + " are kept in OUT.samples.txt.")
  private int samples;

  @Option(
      names = "--held-out",
      paramLabel = "N",
      defaultValue = "200",
      description =
          "The first N texts are not trained on but measure both models at the end;"
              + " ${DEFAULT-VALUE} by default, at most a tenth.")
  private int heldOut;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Steps of the optimizer; as many as --tokens needs unless given.")
  private Integer steps;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      description = "Tokens to train on; each text's once unless given.")
  private Long tokens;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "2048",
      description = "Tokens of a step; ${DEFAULT-VALUE} by default.")
  private int batch;

  @Option(
      names = {"-c", "--context"},
      paramLabel = "N",
      defaultValue = "512",
      description =
          "Tokens of a piece of text, at most what both models take; ${DEFAULT-VALUE} by default.")
  private int context;

  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      defaultValue = "0.003",
      description = "At its peak; it rises at first and then falls; ${DEFAULT-VALUE} by default.")
  private double learningRate;

  @Option(
      names = "--soft",
      paramLabel = "X",
      defaultValue = "0.9",
      description =
          "The share of the teacher's distribution in what is learned, the rest is the text;"
              + " ${DEFAULT-VALUE} by default.")
  private float soft;

  @Option(
      names = "--hints",
      paramLabel = "X",
      defaultValue = "3",
      description =
          "How much the student's layers are to resemble the teacher's at first, falling to nothing"
              + " at the end; ${DEFAULT-VALUE} by default, 0 for not at all.")
  private float hints;

  @Option(
      names = "--decay",
      paramLabel = "X",
      defaultValue = "0.1",
      description = "Decay of matrices; ${DEFAULT-VALUE} by default.")
  private float decay;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Of first weights, samples and order; ${DEFAULT-VALUE} by default.")
  private long seed;

  DistilCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    var bounds = new Bounds(spec.commandLine());
    bounds.check("--samples", samples, 1, 100_000_000);
    bounds.check("--held-out", heldOut, 1, 1_000_000);
    bounds.check("--context", context, 2, Loading.CONTEXT_MAX);
    bounds.check("--batch", batch, 1, 1 << 20);
    bounds.check(tokens == null || steps == null, "--tokens", "given without --steps", "both");
    require(student != null, "--student is missing: give layers=4,… or a GGUF file");
    require(data != null, "--data is missing: give a file of texts, or self");
    require(output != null, "-o is missing: give the path of the file to write");
    boolean isNew = StudentSpec.isMeant(student);
    var dimensions = isNew ? Optional.of(dimensions()) : Optional.<StudentSpec>empty();
    Path from = isNew ? output : ModelFile.readable(Path.of(student));
    Path teacherPath = loading.file().require();
    var options = loading.options(0, KvType.F16).withSequences(TeacherSamples.SEQUENCES);
    try (var teacher = loading.load(console, options)) {
      var texts = texts(teacher);
      int held = Math.max(1, Math.min(heldOut, texts.size() / HELD_OUT_SHARE));
      if (texts.size() < 2) {
        throw new IOException(
            "%s holds one text; two are needed, one to train on and one to measure with: end each"
                    .formatted(data)
                + " by a line <|endoftext|>");
      }
      var learned = texts.subList(held, texts.size());
      var trained =
          isNew
              ? Student.create(dimensions.orElseThrow(), name(), teacher.metadata(), learned, seed)
              : Student.read(from);
      String inputs =
          "teacher=%s student=%s texts=%s"
              .formatted(
                  hash(Files.readAllBytes(teacherPath)),
                  isNew ? student : hash(Files.readAllBytes(from)),
                  hash(String.join("\n", learned).getBytes(StandardCharsets.UTF_8)));
      var history = train(teacher, trained, learned, options.threads(), inputs);
      trained.write(output);
      measure(teacher, trained, texts.subList(0, held), history);
      Files.deleteIfExists(checkpoint());
    }
    return ExitCode.OK;
  }

  private void require(boolean holds, String sentence) {
    if (!holds) {
      throw new ParameterException(spec.commandLine(), sentence);
    }
  }

  private StudentSpec dimensions() {
    try {
      return StudentSpec.parse(student);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private String name() {
    return output.getFileName().toString().replaceFirst("\\.gguf$", "");
  }

  private Path beside(String ending) {
    return output.resolveSibling(output.getFileName() + ending);
  }

  private Path checkpoint() {
    return beside(".checkpoint");
  }

  private List<String> texts(Model teacher) throws IOException {
    Path file = data.equals(SELF) ? beside(".samples.txt") : ModelFile.readable(Path.of(data));
    if (data.equals(SELF) && !Files.exists(file)) {
      try (var progress = new Progress(console, "sampling")) {
        new TeacherSamples(teacher, seed).write(file, samples, progress);
      }
    }
    return Documents.of(Display.decode(Files.readAllBytes(file), file.toString()));
  }

  private History train(
      Model teacher, Student trained, List<String> texts, int threads, String inputs)
      throws IOException {
    int count = threads == 0 ? Machine.physicalCores() : threads;
    long wanted = tokens == null ? Trainer.tokens(trained, texts, context) : tokens;
    int needed = steps == null ? (int) Math.max(1, wanted / batch) : steps;
    var training =
        new Training(needed, batch, context, learningRate, soft, hints, decay, seed, count);
    try (var asTeacher = asTeacher(teacher, count);
        var trainer = new Trainer(trained, asTeacher, texts, training);
        var progress = new Progress(console, "training")) {
      console.note(
          Display.format(
              "a student of %,d parameters learns %,d steps from %,d texts of %,d tokens%s",
              trained.parameterCount(),
              needed,
              texts.size(),
              trainer.tokens(),
              trainer.isTranslated() ? "; the vocabularies differ" : ""));
      trainingStart = System.nanoTime();
      lineNanos = trainingStart;
      trainer.run(
          checkpoint(),
          inputs,
          PAUSE_NANOS,
          report -> {
            progress.accept((double) report.step() / needed);
            note(report, trainer, needed);
          });
      return trainer.history();
    } catch (CancellationException interrupted) {
      console.note("stopped; the same command goes on from " + checkpoint());
      throw interrupted;
    }
  }

  /// The teacher in floats where that is small and can be; else as the engine runs it.
  private Teacher asTeacher(Model teacher, int threads) throws IOException {
    Path path = loading.file().require();
    if (Files.size(path) <= FLOAT_TEACHER_BYTES_MAX) {
      try {
        return new FloatTeacher(path, context + 1, threads);
      } catch (UnsupportedModelException _) {
        // Not built like Llama.
      }
    }
    return new ModelTeacher(teacher);
  }

  private void note(Report report, Trainer trainer, int needed) {
    tokensDone += report.tokens();
    long now = System.nanoTime();
    if (console.isErrorTerminal() || now - lineNanos < LINE_NANOS) {
      return;
    }
    lineNanos = now;
    var history = trainer.history();
    console.note(
        Display.format(
            "step %,d of %,d: %.4f nats per token, %.4f from the teacher (%.0f %% of tokens),"
                + " %,.0f tokens/s",
            report.step(),
            needed,
            History.last(history.hard(), SHOWN_STEPS),
            History.last(history.divergence(), SHOWN_STEPS),
            100 * report.softShare(),
            tokensDone * 1e9 / (now - trainingStart)));
  }

  private void measure(Model teacher, Student trained, List<String> texts, History history)
      throws IOException {
    HeldOut ofStudent;
    try (var model = Model.load(output, LoadOptions.defaults().withKv(KvType.F32))) {
      ofStudent = HeldOut.measure(new ModelTeacher(model), texts);
    }
    var ofTeacher = HeldOut.measure(new ModelTeacher(teacher), texts);
    double perplexity = ofStudent.perplexityPer(ofTeacher);
    console.print(LossPlot.text(history));
    console.println(
        Display.format(
            "on %,d held-out texts, per token of the teacher: perplexity %.4f of the teacher, %.4f"
                + " of the student, %.3f times as high",
            texts.size(), ofTeacher.perplexity(), perplexity, perplexity / ofTeacher.perplexity()));
    var object = new LinkedHashMap<String, Object>();
    object.put("student", student);
    object.put("parameters", trained.parameterCount());
    object.put("data", data);
    object.put("seed", seed);
    object.put("steps", history.steps());
    object.put("teacher_perplexity", ofTeacher.perplexity());
    object.put("student_perplexity_per_teacher_token", perplexity);
    object.put("student_perplexity_per_own_token", ofStudent.perplexity());
    object.put("teacher_nats_per_byte", ofTeacher.natsPerByte());
    object.put("student_nats_per_byte", ofStudent.natsPerByte());
    object.put("losses", history.hard());
    object.put("divergences", history.divergence());
    object.put("version", Educe.VERSION);
    Files.writeString(beside(".json"), Json.write(object) + "\n");
    Files.writeString(beside(".svg"), LossPlot.svg(name(), history));
  }

  private static String hash(byte[] bytes) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
      return HexFormat.of().formatHex(digest, 0, 8);
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException("every Java platform has SHA-256", missing);
    }
  }
}
