package dev.educe.optimize.train;

import dev.educe.kernels.KernelSelector;
import dev.educe.sampling.NumericalException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/// Trains a student on texts and on what a teacher says of them.
///
/// The result is a function of student, teacher, texts and [Training], and neither of the number of
/// threads nor of how often it was interrupted: every sum has one order, and a checkpoint holds all
/// that a step depends on. One thread at a time may use it.
public final class Trainer implements AutoCloseable {
  private final Student student;
  private final Training training;
  private final Team team;
  private final Network network;
  private final TeacherTargets teacherTargets;
  private final Targets targets;
  private final DistilLoss loss;
  private final AdamW optimizer;
  private final Optional<Hints> hints;
  private final Optional<AdamW> hintOptimizer;
  private final LearningRate rate;
  private final Corpus corpus;
  private final float[] logits; // [rows, vocabularySize]
  private History history = History.EMPTY;

  /// What a step has come to.
  ///
  /// @param step from 1
  /// @param hard nats per token of the text
  /// @param divergence from the teacher, in nats per token
  /// @param softShare of the tokens, that the teacher had a distribution for
  /// @param norm of the gradients, before it was clipped
  /// @param tokens of this step
  public record Report(
      int step, double hard, double divergence, double softShare, double norm, int tokens) {}

  /// @param texts at least one
  /// @throws IllegalArgumentException if there is nothing to train on, or a batch is too large
  public Trainer(Student student, Teacher teacher, List<String> texts, Training training) {
    this.student = student;
    this.training = training;
    int context = Math.min(training.contextLength(), student.contextLength());
    this.teacherTargets = new TeacherTargets(teacher, student.tokenizer());
    if (!teacherTargets.isTranslated()) {
      context = Math.min(context, teacher.contextLength());
    }
    this.corpus = Corpus.of(texts, student.tokenizer(), context);
    if (corpus.pieces().isEmpty()) {
      throw new IllegalArgumentException("the texts are empty: there is nothing to train on");
    }
    int rowsMax = Math.max(training.batchTokens(), context);
    int vocabularySize = student.tokenizer().vocabularySize();
    if ((long) rowsMax * vocabularySize > Integer.MAX_VALUE - 16) {
      throw new IllegalArgumentException(
          "a batch of %,d tokens has too many logits over %,d tokens; take a smaller batch"
              .formatted(rowsMax, vocabularySize));
    }
    this.team = new Team(training.threads(), KernelSelector.dense());
    this.network = new Network(team, student.decoder(), student.parameters(), rowsMax, context);
    this.targets = new Targets(rowsMax, vocabularySize);
    this.loss = new DistilLoss(team, vocabularySize, training.soft(), rowsMax);
    this.optimizer = new AdamW(team, student.parameters(), training.decay());
    var decoder = student.decoder();
    this.hints =
        training.hints() > 0 && teacher instanceof FloatTeacher plain
            ? Optional.of(
                new Hints(
                    team,
                    plain,
                    decoder.layers().size(),
                    decoder.hiddenSize(),
                    rowsMax,
                    training.seed()))
            : Optional.empty();
    this.hintOptimizer =
        hints.map(wanted -> new AdamW(team, wanted.parameters(), training.decay()));
    this.rate = LearningRate.of(training.learningRate(), training.steps());
    this.logits = new float[rowsMax * vocabularySize];
  }

  /// Tokens of all texts that a student would learn to predict.
  ///
  /// @param context tokens of a piece of text at most
  public static long tokens(Student student, List<String> texts, int context) {
    int most = Math.min(context, student.contextLength());
    return Corpus.of(texts, student.tokenizer(), most).rows();
  }

  /// Tokens of all texts that are learned to be predicted.
  public long tokens() {
    return corpus.rows();
  }

  /// Whether the teacher's words are carried over from another vocabulary.
  public boolean isTranslated() {
    return teacherTargets.isTranslated();
  }

  /// The losses of all steps so far.
  public History history() {
    return history;
  }

  /// Trains to the last step, from a checkpoint on if there is one; it is the caller's to delete.
  ///
  /// @param path of the checkpoint
  /// @param inputs a line that names teacher, student and texts, so that a checkpoint of others is
  ///   refused
  /// @param pauseNanos between two checkpoints
  /// @throws CancellationException if this thread is interrupted; a checkpoint was written then
  /// @throws NumericalException if the loss is no longer a number
  /// @throws IOException if a checkpoint cannot be written or read, or is of another training
  public void run(Path path, String inputs, long pauseNanos, Consumer<Report> progress)
      throws IOException {
    var checkpoint = new Checkpoint(path, training.line() + " " + inputs);
    history = checkpoint.read(parts()).orElse(History.EMPTY);
    var order = corpus.new Order(training.seed(), training.batchTokens());
    for (int step = 0; step < history.steps(); step++) {
      order.next();
    }
    long written = System.nanoTime();
    while (history.steps() < training.steps()) {
      boolean isInterrupted = false;
      try {
        progress.accept(step(order.next()));
      } catch (CancellationException interrupted) {
        isInterrupted = true; // while the teacher was asked: the step has changed nothing
      }
      isInterrupted |= Thread.currentThread().isInterrupted();
      boolean isLast = history.steps() == training.steps();
      if (isLast || isInterrupted || System.nanoTime() - written > pauseNanos) {
        // An interrupt that is still set would close the file that is written.
        Thread.interrupted();
        checkpoint.write(student, parts(), history);
        written = System.nanoTime();
      }
      if (isInterrupted && !isLast) {
        throw new CancellationException();
      }
    }
  }

  /// All arrays that a step changes: the student's first.
  private List<Checkpoint.Part> parts() {
    var parts = new ArrayList<Checkpoint.Part>();
    parts.add(new Checkpoint.Part(student.parameters(), optimizer));
    hints.ifPresent(
        wanted -> parts.add(new Checkpoint.Part(wanted.parameters(), hintOptimizer.orElseThrow())));
    return parts;
  }

  private Report step(Batch batch) {
    int number = history.steps() + 1;
    float left = 1 - (float) (number - 1) / training.steps();
    hints.ifPresent(wanted -> wanted.begin(training.hints() * left));
    teacherTargets.ask(batch, targets, hints);
    network.forward(batch, logits);
    var value = loss.differentiate(logits, targets, batch);
    if (!Double.isFinite(value.hard())) {
      throw new NumericalException(
          "the loss is no longer a number at step %,d; take a lower learning rate"
              .formatted(number));
    }
    network.backward(batch, logits, hints);
    hintOptimizer.ifPresent(other -> other.step(number, rate.at(number)));
    double norm = optimizer.step(number, rate.at(number));
    history = history.with(value.hard(), value.divergence());
    double softShare = (double) value.softRows() / value.rows();
    return new Report(number, value.hard(), value.divergence(), softShare, norm, value.rows());
  }

  @Override
  public void close() {
    team.close();
  }
}
