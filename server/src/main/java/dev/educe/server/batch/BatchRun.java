package dev.educe.server.batch;

import dev.educe.server.http.Caller;
import dev.educe.server.http.Scope;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.node.ObjectNode;

/// One batch on its way from its file to its answers; it may begin anywhere on that way, where
/// another process ended.
final class BatchRun {
  private final Ledger ledger;
  private final Crew crew;
  private final Batches.Terms terms;
  private final BooleanSupplier isClosing;
  private final String id;
  private final String tenant;
  private final Caller caller;
  private final Path input;
  private final long until;
  private final Journal journal; // of lines of answers
  private final Set<String> answered = ConcurrentHashMap.newKeySet();
  private int good;

  /// @throws IOException if the answers that were given before cannot be read
  BatchRun(Ledger ledger, Crew crew, Batches.Terms terms, BooleanSupplier isClosing, Stored batch)
      throws IOException {
    this.ledger = ledger;
    this.crew = crew;
    this.terms = terms;
    this.isClosing = isClosing;
    this.id = batch.id();
    this.tenant = batch.tenant();
    this.input = ledger.content(batch.text("input_file_id"));
    this.caller = new Caller("", tenant, Set.of(Scope.INFERENCE), batch.quota());
    this.until = batch.until();
    this.journal = new Journal(ledger.answers(id), bytes -> count(Answering.Line.of(bytes)));
    // While no process was there, no time has passed for it.
    long expires = terms.now() + Math.max(0, until - ledger.seconds());
    ledger.show(
        id,
        stored ->
            stored.with(object -> {
              writeCounts(object);
              object.put("expires_at", expires);
            }));
  }

  /// Goes on until the batch is over or the process ends.
  ///
  /// @throws IOException if something cannot be read or kept; another process may go on
  void run() throws IOException {
    try (journal) {
      if (status().equals("validating")) {
        validate();
      }
      if (status().equals("in_progress")) {
        crew.answer(input, Set.copyOf(answered), caller, this::isStopped, this::take);
        if (answered.size() < total() && !isStopped()) {
          throw new IOException("the file of " + id + " has lost lines; restore it from a copy");
        }
      }
      if (batch().isUnderWay() && !isClosing.getAsBoolean()) {
        finish();
      }
    }
    // It may have been forgotten since.
    if (ledger.find(tenant, "batch", id).filter(Stored::isUnderWay).isEmpty()) {
      Files.deleteIfExists(ledger.answers(id));
    }
  }

  private Stored batch() {
    return ledger.find(tenant, "batch", id).orElseThrow();
  }

  private String status() {
    return batch().text("status");
  }

  private int total() {
    return batch().object().at("/request_counts/total").intValue();
  }

  private boolean isStopped() {
    return isClosing.getAsBoolean() || ledger.seconds() >= until || status().equals("cancelling");
  }

  private void validate() throws IOException {
    var check = Check.of(input, Set.of(batch().text("endpoint")));
    ledger.change(
        id, batch -> batch.text("status").equals("validating") ? validated(batch, check) : batch);
  }

  private Stored validated(Stored batch, Check check) {
    if (check.faults().isEmpty()) {
      return batch.with(object -> {
        object.put("status", "in_progress").put("in_progress_at", terms.now());
        ((ObjectNode) object.get("request_counts")).put("total", check.ids().size());
      });
    }
    return batch.with(object -> failed(object, check)).until(Batches.end(ledger, terms));
  }

  private void failed(ObjectNode object, Check check) {
    object.put("status", "failed").put("failed_at", terms.now());
    var list = object.putObject("errors").put("object", "list").putArray("data");
    for (Check.Fault fault : check.faults()) {
      list.addObject()
          .put("code", fault.code())
          .put("message", fault.message())
          .put("param", fault.param().orElse(null))
          .put("line", fault.line() == 0 ? null : (Integer) fault.line());
    }
  }

  private void count(Answering.Line line) {
    answered.add(line.customId());
    good += line.isGood() ? 1 : 0;
  }

  private synchronized void take(Answering.Line line) throws IOException {
    journal.append(line.json().getBytes(StandardCharsets.UTF_8));
    count(line);
    ledger.show(id, stored -> stored.with(this::writeCounts));
  }

  private void writeCounts(ObjectNode object) {
    ((ObjectNode) object.get("request_counts"))
        .put("completed", good)
        .put("failed", answered.size() - good);
  }

  private void finish() throws IOException {
    var batch =
        ledger.change(
            id,
            stored ->
                stored.text("status").equals("in_progress")
                    ? stored.with(object ->
                        object.put("status", "finalizing").put("finalizing_at", terms.now()))
                    : stored);
    int total = total();
    boolean isCancelled = batch.text("status").equals("cancelling");
    String end = isCancelled ? "cancelled" : answered.size() == total ? "completed" : "expired";
    var puts = new ArrayList<Stored>();
    Path output = ledger.draft();
    Path errors = ledger.draft();
    write(output, errors, end, total);
    var outputFile = file(output, "output");
    var errorFile = file(errors, "error");
    outputFile.ifPresent(puts::add);
    errorFile.ifPresent(puts::add);
    var over =
        batch.with(object -> {
          object.put("status", end).put(end + "_at", terms.now());
          object.put("output_file_id", outputFile.map(Stored::id).orElse(null));
          object.put("error_file_id", errorFile.map(Stored::id).orElse(null));
          ((ObjectNode) object.get("request_counts"))
              .put("completed", good)
              .put("failed", total - good);
        });
    puts.add(over.until(Batches.end(ledger, terms)));
    // One record: files without their batch, or the other way round, are never seen.
    ledger.put(puts.toArray(Stored[]::new));
  }

  private void write(Path output, Path errors, String end, int total) throws IOException {
    try (var good = new BufferedOutputStream(Files.newOutputStream(output));
        var bad = new BufferedOutputStream(Files.newOutputStream(errors))) {
      Journal.read(
          ledger.answers(id), bytes -> line(Answering.Line.of(bytes).isGood() ? good : bad, bytes));
      if (answered.size() < total) {
        var urls = Set.of(batch().text("endpoint"));
        BatchLine.each(
            input,
            (_, bytes) -> {
              String customId = BatchLine.of(bytes, urls).customId();
              if (!answered.contains(customId)) {
                line(bad, unanswered(customId, end).getBytes(StandardCharsets.UTF_8));
              }
              return true;
            });
      }
    }
  }

  private static String unanswered(String customId, String end) {
    return Answering.unanswered(
        customId,
        "batch_" + end,
        end.equals("expired")
            ? "This request could not be executed before the completion window expired."
            : "This request was not executed before the batch was cancelled.");
  }

  private static void line(OutputStream out, byte[] bytes) throws IOException {
    out.write(bytes);
    out.write('\n');
  }

  /// Makes a file of a draft, unless it is empty.
  private Optional<Stored> file(Path draft, String kind) throws IOException {
    long size = Files.size(draft);
    if (size == 0) {
      Files.delete(draft);
      return Optional.empty();
    }
    var kept = Batches.answerTerms(batch(), terms);
    var file = Batches.file(ledger, kept, tenant, id + "_" + kind + ".jsonl", "batch_output", size);
    ledger.publish(draft, file.id());
    return Optional.of(file);
  }
}
