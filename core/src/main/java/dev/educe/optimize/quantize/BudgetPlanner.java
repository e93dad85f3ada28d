package dev.educe.optimize.quantize;

import dev.educe.format.Checkpoint;
import dev.educe.format.TensorEntry;
import dev.educe.optimize.Sample;
import dev.educe.platform.Workers;
import dev.educe.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.DoubleConsumer;

/// Chooses the formats of least error that fit a budget.
///
/// The error of a tensor in a format is measured on a sample of its rows: the squared error of what
/// it gives, relative to the square of what it gives, columns weighted by importance. The loss of
/// small errors in different tensors adds up, and to first order depends on relative errors alone
/// (Malinovskii et al. 2024, "Pushing the Limits of Large Language Model Quantization via the
/// Linearity Theorem"). With a text, [MeasuredLosses] says what an error costs in each tensor; else
/// it costs the same in all. So: begin with the smallest format everywhere, then buy what lowers
/// the loss most for its bytes, along the lower convex hull of each tensor's choices, until the
/// budget is spent.
final class BudgetPlanner {
  // A sample's error differs from the whole's by a few hundredths.
  private static final int SAMPLE_WEIGHTS = 1 << 18;

  // What a file gets besides: keys about the quantization, and up to so much before each tensor.
  private static final int ADDED_BYTES = 4096;
  private static final int PADDING_BYTES = 32;

  private static final List<DType> CANDIDATES =
      List.of(
          DType.Q2_K,
          DType.Q3_K,
          DType.IQ4_XS,
          DType.IQ4_NL,
          DType.Q4_K,
          DType.Q5_K,
          DType.Q5_1,
          DType.Q6_K,
          DType.Q8_0,
          DType.F16);

  private final Checkpoint file;
  private final QuantizeOptions options;
  private final Workers workers;
  private final DoubleConsumer progress;

  BudgetPlanner(
      Checkpoint file, QuantizeOptions options, Workers workers, DoubleConsumer progress) {
    this.file = file;
    this.options = options;
    this.workers = workers;
    this.progress = progress;
  }

  /// What a format would cost a tensor.
  ///
  /// @param error relative; or the loss that it causes
  record Offer(DType type, long bytes, double error) {}

  /// A tensor's offers worth taking, ascending in bytes, and the one that is taken.
  private static final class Choice {
    final List<Offer> offers;
    int taken;

    Choice(List<Offer> offers) {
      this.offers = offers;
    }

    boolean isLast() {
      return taken == offers.size() - 1;
    }

    Offer next() {
      return offers.get(taken + 1);
    }

    Offer current() {
      return offers.get(taken);
    }

    /// Error saved by each byte that the next offer costs more.
    double gain() {
      return (current().error() - next().error()) / (next().bytes() - current().bytes());
    }
  }

  /// @throws IllegalArgumentException if the budget is below the smallest possible
  /// @throws IOException if reading fails
  Plan plan(Budget budget, Optional<Sample> sample) throws IOException {
    List<TensorEntry> tensors = file.tensors();
    var matrices = tensors.stream().filter(this::isChosen).toList();
    var offers = measured(matrices);
    if (sample.isPresent()) {
      offers =
          new MeasuredLosses(file, options, workers, progress)
              .losses(matrices, offers, sample.get());
    }
    var choices = offers.stream().map(each -> new Choice(hull(each))).toList();
    long fixed = 0;
    for (TensorEntry tensor : tensors) {
      fixed += isChosen(tensor) ? 0 : fixed(tensor).bytes();
    }
    long weights = tensors.stream().mapToLong(tensor -> tensor.shape().elements()).sum();
    long header = tensors.stream().mapToLong(TensorEntry::offset).min().orElse(0);
    header += ADDED_BYTES + (long) PADDING_BYTES * tensors.size();
    long allowed = budget.tensorBytes(weights, header);
    spend(choices, allowed - fixed, fixed, weights);
    var steps = new ArrayList<Plan.Step>();
    for (TensorEntry tensor : tensors) {
      int index = matrices.indexOf(tensor);
      steps.add(
          index < 0 ? fixed(tensor) : Quantizer.step(tensor, choices.get(index).current().type()));
    }
    return new Plan(steps);
  }

  private boolean isChosen(TensorEntry tensor) {
    return TensorRole.isMatrix(tensor) && options.override(tensor.name()).isEmpty();
  }

  private Plan.Step fixed(TensorEntry tensor) {
    DType type =
        TensorRole.isMatrix(tensor)
            ? options.override(tensor.name()).orElse(tensor.type())
            : tensor.type();
    return Quantizer.step(tensor, MixRules.fitting(type, tensor.shape().columns()));
  }

  private static void spend(List<Choice> choices, long allowed, long fixed, long weights) {
    long spent = choices.stream().mapToLong(choice -> choice.current().bytes()).sum();
    if (spent > allowed) {
      throw new IllegalArgumentException(
          "the budget is too small: the smallest formats take %.2f bits per weight, %,d MB"
              .formatted(8.0 * (spent + fixed) / weights, (spent + fixed) / 1_000_000 + 1));
    }
    var open = new ArrayList<>(choices);
    while (true) {
      open.removeIf(Choice::isLast);
      var best = open.stream().max(Comparator.comparingDouble(Choice::gain));
      if (best.isEmpty()) {
        return;
      }
      Choice choice = best.get();
      long more = choice.next().bytes() - choice.current().bytes();
      if (spent + more > allowed) {
        open.remove(choice); // a smaller one may still fit
      } else {
        spent += more;
        choice.taken++;
      }
    }
  }

  /// Of each matrix, all formats that it may have, ascending in bytes.
  private List<List<Offer>> measured(List<TensorEntry> matrices) throws IOException {
    var choices = new ArrayList<List<Offer>>(Collections.nCopies(matrices.size(), List.of()));
    var done = new AtomicInteger();
    Thread caller = Thread.currentThread();
    try {
      workers.run(
          choices.size(),
          (index, _) -> {
            if (caller.isInterrupted()) {
              throw new CancellationException();
            }
            choices.set(index, measure(matrices.get(index)));
            int count = done.incrementAndGet();
            if (Thread.currentThread() == caller) {
              progress.accept((double) count / choices.size());
            }
          });
    } catch (UncheckedIOException failed) {
      throw failed.getCause();
    }
    return choices;
  }

  private List<Offer> measure(TensorEntry tensor) {
    int columns = Math.toIntExact(tensor.shape().columns());
    int rows = (int) Math.clamp(SAMPLE_WEIGHTS / columns, 1, tensor.shape().rows());
    var x = new float[rows * columns];
    try {
      Optional<float[]> importance = ColumnWeights.of(tensor, options).map(all -> all.ofPart(0));
      sample(tensor, rows, columns, x);
      var offers = new ArrayList<Offer>();
      for (DType type : CANDIDATES) {
        if (columns % type.blockSize() == 0) {
          long bytes = tensor.shape().rows() * type.rowBytes(columns);
          offers.add(new Offer(type, bytes, error(x, rows, columns, type, importance)));
        }
      }
      offers.sort(Comparator.comparingLong(Offer::bytes).thenComparingDouble(Offer::error));
      return offers;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Rows at even distances.
  private void sample(TensorEntry tensor, int rows, int columns, float[] target)
      throws IOException {
    Quantizer.step(tensor, DType.Q8_0);
    var reader = new RowReader(file, tensor);
    var row = new float[columns];
    for (int i = 0; i < rows; i++) {
      reader.read(i * tensor.shape().rows() / rows, 1, row);
      System.arraycopy(row, 0, target, i * columns, columns);
    }
  }

  /// The weighted squared error, relative to the weighted square.
  static double error(float[] x, int rows, int columns, DType type, Optional<float[]> importance) {
    RowEncoder encoder =
        importance.isPresent()
            ? RowEncoder.of(type, importance.get())
            : RowEncoder.of(type, columns);
    var bytes = new byte[rows * encoder.rowBytes()];
    encoder.encode(x, rows, bytes);
    var y = new float[x.length];
    RowReader.decode(type, MemorySegment.ofArray(bytes), rows, columns, y);
    var weights = importance.orElseGet(() -> ones(columns));
    double error = 0;
    double square = 0;
    for (int i = 0; i < x.length; i++) {
      double rest = (double) x[i] - y[i];
      error += weights[i % columns] * rest * rest;
      square += (double) weights[i % columns] * x[i] * x[i];
    }
    return square > 0 ? error / square : 0;
  }

  private static float[] ones(int columns) {
    var ones = new float[columns];
    Arrays.fill(ones, 1);
    return ones;
  }

  /// Of offers that ascend in bytes, those on the lower convex hull of bytes and errors.
  private static List<Offer> hull(List<Offer> offers) {
    var hull = new ArrayList<Offer>();
    for (Offer offer : offers) {
      if (!hull.isEmpty() && offer.error() >= hull.getLast().error()) {
        continue;
      }
      while (hull.size() >= 2 && isAbove(hull.get(hull.size() - 2), hull.getLast(), offer)) {
        hull.removeLast();
      }
      hull.add(offer);
    }
    return hull;
  }

  /// Whether `middle` is on or above the line from `low` to `high`.
  private static boolean isAbove(Offer low, Offer middle, Offer high) {
    double share = (double) (middle.bytes() - low.bytes()) / (high.bytes() - low.bytes());
    return middle.error() >= low.error() + share * (high.error() - low.error());
  }
}
