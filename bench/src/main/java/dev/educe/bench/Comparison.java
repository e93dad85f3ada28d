package dev.educe.bench;

import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The result of a comparison, to be shown, kept and drawn.
///
/// @param model the file's name without its ending
/// @param versions of the peers that ran, by name
/// @param absent why peers did not run, by name
record Comparison(
    LocalDate date,
    String model,
    int rounds,
    MachineDescription machine,
    Workload load,
    ModelWork work,
    Map<String, String> versions,
    Map<String, String> absent,
    List<Metric> metrics) {
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
}
