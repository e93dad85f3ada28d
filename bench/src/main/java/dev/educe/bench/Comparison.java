package dev.educe.bench;

import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// The result of a comparison, to be shown, kept and drawn.
///
/// @param model the file's name without its ending
/// @param versions of the peers that ran, by name
/// @param absent why peers did not run, by name
/// @param limits what the machine gave in each round
record Comparison(
    LocalDate date,
    String model,
    int rounds,
    MachineDescription machine,
    Workload load,
    ModelWork work,
    Map<String, String> versions,
    Map<String, String> absent,
    List<Metric> metrics,
    List<Share> shares,
    List<MachineLimits> limits) {
  private static final double GIGA = 1e9;

  /// Everything, as it is written to a file.
  Map<String, Object> json() {
    var object = new LinkedHashMap<String, Object>();
    object.put("date", date.toString());
    object.put("model", model);
    object.put("machine", machine.json());
    object.put("peers", versions);
    object.put("absent", absent);
    object.put("rounds", rounds);
    object.put("workload", loadJson());
    object.put("tensor_bytes", work.tensorBytes());
    object.put("decode_bytes_per_token", Math.round(work.decodeBytes(load.decode())));
    object.put("prompt_multiply_adds_per_token", work.promptMultiplies());
    object.put("metrics", metrics.stream().map(Comparison::json).toList());
    object.put(
        "shares",
        shares.stream()
            .collect(
                Collectors.toMap(
                    Share::title,
                    share -> share.values().sorted(),
                    (first, _) -> first,
                    LinkedHashMap::new)));
    object.put("limits", limits.stream().map(Comparison::json).toList());
    return object;
  }

  private Map<String, Object> loadJson() {
    var object = new LinkedHashMap<String, Object>();
    object.put("prompt", load.prompt());
    object.put("decode", load.decode());
    object.put("sequences", load.sequences());
    object.put("batch_decode", load.batchDecode());
    return object;
  }

  private static Map<String, Object> json(Metric metric) {
    var object = new LinkedHashMap<String, Object>();
    object.put("title", metric.title());
    object.put("unit", metric.unit());
    object.put("higher_is_better", metric.higherIsBetter());
    object.put("entries", metric.entries().stream().map(Comparison::json).toList());
    return object;
  }

  private static Map<String, Object> json(Metric.Entry entry) {
    var object = new LinkedHashMap<String, Object>();
    object.put("peer", entry.peer());
    entry.threads().ifPresent(threads -> object.put("threads", threads));
    entry.values().ifPresent(values -> put(object, "", values));
    entry.ratio().ifPresent(ratio -> put(object, "educe_ratio_", ratio));
    if (!entry.sweep().isEmpty()) {
      object.put("by_threads", entry.sweep());
    }
    if (!entry.failures().isEmpty()) {
      object.put("failures", entry.failures());
    }
    return object;
  }

  private static void put(Map<String, Object> object, String prefix, Series series) {
    object.put(prefix + "median", series.median());
    object.put(prefix + "values", series.sorted());
  }

  private static Map<String, Object> json(MachineLimits limits) {
    var object = new LinkedHashMap<String, Object>();
    object.put("read_gigabytes_per_second", limits.bytesRate() / GIGA);
    limits
        .multiplyRate()
        .ifPresent(rate -> object.put("giga_multiply_adds_per_second", rate / GIGA));
    return object;
  }
}
