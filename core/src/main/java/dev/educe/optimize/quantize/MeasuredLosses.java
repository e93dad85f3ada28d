package dev.educe.optimize.quantize;

import dev.educe.format.Checkpoint;
import dev.educe.format.TensorEntry;
import dev.educe.optimize.Chunks;
import dev.educe.optimize.MeasuredModel;
import dev.educe.optimize.ReadingOptions;
import dev.educe.optimize.Sample;
import dev.educe.optimize.evaluate.Evaluator;
import dev.educe.optimize.quantize.BudgetPlanner.Offer;
import dev.educe.optimize.quantize.PartlyQuantized.Replaced;
import dev.educe.platform.Workers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleConsumer;

/// What errors of weights cost: how far the model's predictions on a text diverge from its own when
/// one group of its tensors alone is quantized.
///
/// Each group is tried in two formats, a coarse one and one with a fraction of its error. Between
/// and beyond, the loss is a power of the relative error, so that not every format has to be tried.
/// Losses of groups add up while they are small.
final class MeasuredLosses {
  // Tensors are tried one by one, or where there are more, together with those of their kind in the
  // layers beside.
  private static final int GROUPS_MAX = 64;

  // The second half of each counts.
  private static final int CHUNKS_MAX = 4;

  // How much less the finer format's error is, at least.
  private static final double FINER = 6;

  // Of what measures as none, or as growing against all reason.
  private static final double LOSS_MIN = 1e-7;

  private static final double POWER_MIN = 0.5;
  private static final double POWER_MAX = 2;

  private final Checkpoint file;
  private final QuantizeOptions options;
  private final Workers workers;
  private final DoubleConsumer progress;

  MeasuredLosses(
      Checkpoint file, QuantizeOptions options, Workers workers, DoubleConsumer progress) {
    this.file = file;
    this.options = options;
    this.workers = workers;
    this.progress = progress;
  }

  /// Loss as a power of a relative error: `loss · (error / at)^power`.
  private record Curve(double at, double loss, double power) {
    double of(double error) {
      return loss * Math.pow(error / at, power);
    }
  }

  /// Puts losses in the place of errors.
  ///
  /// @param offers of each tensor, ascending in bytes
  /// @throws IOException if reading fails
  List<List<Offer>> losses(List<TensorEntry> tensors, List<List<Offer>> offers, Sample sample)
      throws IOException {
    var groups = groups(tensors);
    var curves = new HashMap<Integer, Curve>(); // by tensor
    var reading = ReadingOptions.defaults().withThreads(options.threads());
    try (var whole = MeasuredModel.load(file, reading)) {
      var chunks =
          Chunks.of(
              whole.tokenizer(), sample.withChunksMax(CHUNKS_MAX), reading.contextTokens(), 1);
      int done = 0;
      for (List<Integer> group : groups) {
        Curve curve = curve(group, tensors, offers, whole, chunks);
        group.forEach(tensor -> curves.put(tensor, curve));
        progress.accept((double) ++done / groups.size());
      }
    }
    var losses = new ArrayList<List<Offer>>();
    for (int tensor = 0; tensor < tensors.size(); tensor++) {
      Curve curve = curves.get(tensor);
      losses.add(
          offers.get(tensor).stream()
              .map(offer -> new Offer(offer.type(), offer.bytes(), curve.of(offer.error())))
              .toList());
    }
    return losses;
  }

  /// Tensors by index, each in one group.
  private static List<List<Integer>> groups(List<TensorEntry> tensors) {
    int layers = 1 + tensors.stream().mapToInt(t -> TensorRole.layer(t.name())).max().orElse(0);
    int bands = layers;
    while (true) {
      var groups = new LinkedHashMap<String, List<Integer>>();
      for (int i = 0; i < tensors.size(); i++) {
        String name = tensors.get(i).name();
        String kind = name.startsWith("blk.") ? name.substring(name.indexOf('.', 4)) : name;
        int band = TensorRole.layer(name) * bands / layers;
        groups.computeIfAbsent(kind + " " + band, _ -> new ArrayList<>()).add(i);
      }
      if (groups.size() <= GROUPS_MAX || bands == 1) {
        return List.copyOf(groups.values());
      }
      bands = (bands + 1) / 2;
    }
  }

  private Curve curve(
      List<Integer> group,
      List<TensorEntry> tensors,
      List<List<Offer>> offers,
      MeasuredModel whole,
      Chunks chunks)
      throws IOException {
    var coarse = new HashMap<Integer, Offer>();
    var fine = new HashMap<Integer, Offer>();
    for (int tensor : group) {
      List<Offer> of = offers.get(tensor);
      Offer first = of.getFirst();
      coarse.put(tensor, first);
      fine.put(
          tensor,
          of.stream()
              .filter(offer -> offer.error() * FINER <= first.error())
              .findFirst()
              .orElse(of.getLast()));
    }
    double coarseLoss = loss(coarse, tensors, whole, chunks);
    double fineLoss = loss(fine, tensors, whole, chunks);
    double coarseError = meanError(coarse);
    double fineError = meanError(fine);
    double power = Math.log(coarseLoss / fineLoss) / Math.log(coarseError / fineError);
    boolean isPower = Double.isFinite(power) && fineError > 0;
    // The loss is the group's; a tensor has its share.
    return new Curve(
        coarseError > 0 ? coarseError : 1,
        coarseLoss / group.size(),
        isPower ? Math.clamp(power, POWER_MIN, POWER_MAX) : 1);
  }

  private static double meanError(Map<Integer, Offer> offers) {
    return offers.values().stream().mapToDouble(Offer::error).average().orElse(0);
  }

  /// The mean divergence with these tensors in these formats.
  private double loss(
      Map<Integer, Offer> formats, List<TensorEntry> tensors, MeasuredModel whole, Chunks chunks)
      throws IOException {
    var replaced = new HashMap<String, Replaced>();
    for (var format : formats.entrySet()) {
      TensorEntry tensor = tensors.get(format.getKey());
      var bytes = new ByteArrayOutputStream(Math.toIntExact(format.getValue().bytes()));
      new TensorConversion(
              file,
              tensor,
              format.getValue().type(),
              ColumnWeights.of(tensor, options),
              options.moments())
          .write(Channels.newChannel(bytes), workers, _ -> {});
      replaced.put(
          tensor.name(), Replaced.of(tensor, format.getValue().type(), bytes.toByteArray()));
    }
    var reading = ReadingOptions.defaults().withThreads(options.threads());
    try (var partly = MeasuredModel.load(new PartlyQuantized(file, replaced), reading)) {
      var both = Evaluator.compare(whole, partly, chunks, (_, _, _) -> {});
      return Math.max(LOSS_MIN, both.getLast().divergence().orElseThrow().mean());
    }
  }
}
