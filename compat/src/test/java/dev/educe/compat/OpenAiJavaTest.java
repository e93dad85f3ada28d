package dev.educe.compat;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.MultipartField;
import com.openai.errors.BadRequestException;
import com.openai.errors.InternalServerException;
import com.openai.errors.NotFoundException;
import com.openai.errors.OpenAIIoException;
import com.openai.errors.OpenAIServiceException;
import com.openai.errors.RateLimitException;
import com.openai.errors.SseException;
import com.openai.errors.UnauthorizedException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.helpers.ResponseAccumulator;
import com.openai.models.batches.Batch;
import com.openai.models.batches.BatchCreateParams;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionCreateParams.Stop;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.chat.completions.ChatCompletionToolChoiceOption;
import com.openai.models.completions.CompletionCreateParams;
import com.openai.models.embeddings.EmbeddingCreateParams;
import com.openai.models.files.FileCreateParams;
import com.openai.models.files.FileObject;
import com.openai.models.files.FilePurpose;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import dev.educe.Model;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;

/// OpenAI's own client for Java.
@EnabledIfEnvironmentVariable(named = "EDUCE_TESTDATA", matches = ".+")
@Timeout(60)
class OpenAiJavaTest {
  private static final List<OpenAIClient> CLIENTS = new ArrayList<>();
  private static StoryServer server;
  private static OpenAIClient client;

  @TempDir private static Path batches;
  @TempDir private Path folder;

  /// What a model is asked to tell of a story.
  public static final class Mood {
    public boolean isHappy;
    public Weather weather;
  }

  /// As the sky may be.
  public enum Weather {
    SUNNY,
    RAINY
  }

  @BeforeAll
  static void start() throws IOException {
    server = new StoryServer("batches=" + batches);
    client = client(server, "none", 0);
  }

  @AfterAll
  static void stop() {
    CLIENTS.forEach(OpenAIClient::close);
    server.close();
  }

  private static OpenAIClient client(StoryServer server, String key, int retriesMax) {
    var made =
        OpenAIOkHttpClient.builder()
            .baseUrl(server.url())
            .apiKey(key)
            .maxRetries(retriesMax)
            .build();
    CLIENTS.add(made);
    return made;
  }

  private static CompletionCreateParams.Builder story() {
    return CompletionCreateParams.builder()
        .model(StoryServer.MODEL)
        .prompt("Once upon a time")
        .maxTokens(28)
        .temperature(0.0);
  }

  @SuppressWarnings("deprecation") // by them, of a seed; it is ours to honour
  private static ChatCompletionCreateParams.Builder chat() {
    return ChatCompletionCreateParams.builder()
        .model(StoryServer.MODEL)
        .addSystemMessage("You tell stories.")
        .addUserMessage("Tell me one.")
        .maxCompletionTokens(24)
        .seed(7)
        .temperature(0.8);
  }

  private static FileObject upload(String... lines) {
    return client
        .files()
        .create(
            FileCreateParams.builder()
                .file(
                    MultipartField.<InputStream>builder()
                        .value(new ByteArrayInputStream(String.join("\n", lines).getBytes(UTF_8)))
                        .filename("in.jsonl")
                        .build())
                .purpose(FilePurpose.BATCH)
                .build());
  }

  private static String line(int id, String model, int tokens) {
    return ("{\"custom_id\":\"%d\",\"method\":\"POST\",\"url\":\"/v1/completions\",\"body\":"
            + "{\"model\":\"%s\",\"prompt\":\"Once upon a time\",\"max_tokens\":%d,"
            + "\"temperature\":0}}")
        .formatted(id, model, tokens);
  }

  private static Batch batch(String file) {
    return client
        .batches()
        .create(
            BatchCreateParams.builder()
                .inputFileId(file)
                .endpoint(BatchCreateParams.Endpoint.V1_COMPLETIONS)
                .completionWindow(BatchCreateParams.CompletionWindow._24H)
                .build());
  }

  private static Batch ended(Batch batch) throws InterruptedException {
    var now = batch;
    while (!List.of("completed", "failed", "cancelled").contains(now.status().asString())) {
      Thread.sleep(20);
      now = client.batches().retrieve(batch.id());
    }
    return now;
  }

  @Test
  void filesAndBatchesAreCreatedFetchedListedAndDeleted() throws Exception {
    var file = upload(line(1, StoryServer.MODEL, 20), line(2, "nobody", 20));
    var done = ended(batch(file.id()));
    assertEquals(Batch.Status.COMPLETED, done.status());
    assertEquals(1, done.requestCounts().orElseThrow().completed());
    try (var content = client.files().content(done.outputFileId().orElseThrow())) {
      String text = new String(content.body().readAllBytes(), UTF_8);
      assertTrue(text.contains("there was a little girl named Lily"), text);
    }
    try (var content = client.files().content(done.errorFileId().orElseThrow())) {
      assertTrue(new String(content.body().readAllBytes(), UTF_8).contains("model_not_found"));
    }
    assertTrue(
        client.batches().list().autoPager().stream().anyMatch(each -> each.id().equals(done.id())));
    assertTrue(
        client.files().list().autoPager().stream().anyMatch(each -> each.id().equals(file.id())));
    assertTrue(client.files().delete(file.id()).deleted());
    assertThrows(NotFoundException.class, () -> client.files().retrieve(file.id()));
  }

  @Test
  void aBatchIsCancelledAndErrorsNameWhatIsWrong() throws Exception {
    var lines = new String[300];
    Arrays.setAll(lines, id -> line(id, StoryServer.MODEL, 200));
    var created = batch(upload(lines).id());
    assertEquals(Batch.Status.CANCELLING, client.batches().cancel(created.id()).status());
    assertEquals(Batch.Status.CANCELLED, ended(created).status());
    assertThrows(NotFoundException.class, () -> client.batches().retrieve("batch_none"));
    var wrong = assertThrows(BadRequestException.class, () -> batch("file-none"));
    assertEquals(Optional.of("input_file_id"), wrong.param());
    var failed = ended(batch(upload("{").id()));
    assertEquals(Batch.Status.FAILED, failed.status());
    var error = failed.errors().orElseThrow().data().orElseThrow().getFirst();
    assertEquals(Optional.of(1L), error.line());
  }

  @Test
  void modelsAreListedAndAliasesFound() {
    var models = client.models().list().data();
    assertEquals(List.of(StoryServer.MODEL), models.stream().map(model -> model.id()).toList());
    assertEquals(StoryServer.MODEL, client.models().retrieve("gpt-4o-mini").id());
    assertTrue(models.getFirst().created() > 1_000_000_000);
  }

  @Test
  void completionsAreWrittenAtOnceAndInPieces() {
    var whole = client.completions().create(story().build());
    assertTrue(StoryServer.STORY.startsWith(whole.choices().getFirst().text()), whole.toString());
    assertEquals("length", whole.choices().getFirst().finishReason().toString());
    assertEquals(28, whole.usage().orElseThrow().completionTokens());
    var pieces = new StringBuilder();
    try (var stream = client.completions().createStreaming(story().build())) {
      stream.stream().forEach(chunk -> pieces.append(chunk.choices().getFirst().text()));
    }
    assertEquals(whole.choices().getFirst().text(), pieces.toString());
    var echoed = client.completions().create(story().echo(true).logprobs(2).n(2).build());
    assertEquals(2, echoed.choices().size());
    var logprobs = echoed.choices().getFirst().logprobs().orElseThrow();
    assertEquals(33, logprobs.tokens().orElseThrow().size());
    assertTrue(echoed.choices().get(1).text().startsWith("Once upon a time"));
  }

  @Test
  void aConversationIsAnsweredAtOnceAndInPieces() {
    var whole = client.chat().completions().create(chat().build());
    var choice = whole.choices().getFirst();
    String text = choice.message().content().orElseThrow();
    assertFalse(text.isBlank());
    assertEquals("assistant", choice.message()._role().asStringOrThrow());
    var usage = whole.usage().orElseThrow();
    assertEquals(usage.totalTokens(), usage.promptTokens() + usage.completionTokens());
    var again = client.chat().completions().create(chat().build());
    assertEquals(text, again.choices().getFirst().message().content().orElseThrow());
    var accumulator = ChatCompletionAccumulator.create();
    var options = ChatCompletionStreamOptions.builder().includeUsage(true).build();
    var params = chat().streamOptions(options).build();
    try (var stream = client.chat().completions().createStreaming(params)) {
      stream.stream().forEach(accumulator::accumulate);
    }
    var streamed = accumulator.chatCompletion();
    assertEquals(text, streamed.choices().getFirst().message().content().orElseThrow());
    assertEquals(choice.finishReason(), streamed.choices().getFirst().finishReason());
    assertEquals(usage.totalTokens(), streamed.usage().orElseThrow().totalTokens());
  }

  @Test
  void severalAnswersStopTextsAndProbabilities() {
    var params = chat().n(3).logprobs(true).topLogprobs(4).build();
    var choices = client.chat().completions().create(params).choices();
    assertEquals(3, choices.stream().map(c -> c.message().content().get()).distinct().count());
    for (var choice : choices) {
      for (var token : choice.logprobs().orElseThrow().content().orElseThrow()) {
        assertEquals(4, token.topLogprobs().size());
        assertTrue(token.logprob() <= 0);
      }
    }
    String text = choices.getFirst().message().content().orElseThrow();
    String stop = text.substring(text.length() / 2, text.length() / 2 + 3);
    var stopped = client.chat().completions().create(chat().stop(Stop.ofString(stop)).build());
    assertEquals(
        text.substring(0, text.indexOf(stop)),
        stopped.choices().getFirst().message().content().orElse(""));
    assertEquals("stop", stopped.choices().getFirst().finishReason().toString());
  }

  @Test
  void anAnswerHasTheShapeOfAClass() {
    var params = chat().maxCompletionTokens(100).responseFormat(Mood.class).build();
    var mood = client.chat().completions().create(params).choices().getFirst().message().content();
    assertNotNull(mood.orElseThrow().weather);
  }

  @Test
  void aToolIsCalledWithWhatItsClassWants() {
    var params =
        chat()
            .maxCompletionTokens(200)
            .addTool(Mood.class)
            .toolChoice(ChatCompletionToolChoiceOption.Auto.REQUIRED)
            .parallelToolCalls(false)
            .build();
    var whole = client.chat().completions().create(params);
    var call =
        whole.choices().getFirst().message().toolCalls().orElseThrow().getFirst().asFunction();
    assertNotNull(call.function().arguments(Mood.class).weather);
    assertEquals("tool_calls", whole.choices().getFirst().finishReason().toString());
    var accumulator = ChatCompletionAccumulator.create();
    try (var stream = client.chat().completions().createStreaming(params)) {
      stream.stream().forEach(accumulator::accumulate);
    }
    var streamed =
        accumulator
            .chatCompletion()
            .choices()
            .getFirst()
            .message()
            .toolCalls()
            .orElseThrow()
            .getFirst()
            .asFunction();
    assertEquals(call.function().arguments(), streamed.function().arguments());
    assertEquals(call.function().name(), streamed.function().name());
  }

  @Test
  void severalCallsAtOnceComeInOrder() {
    var params =
        chat()
            .maxCompletionTokens(300)
            .addTool(Mood.class)
            .toolChoice(ChatCompletionToolChoiceOption.Auto.REQUIRED)
            .putAdditionalBodyProperty("ignore_eos", JsonValue.from(true))
            .build();
    var whole = calls(client.chat().completions().create(params));
    assertTrue(whole.size() > 1, whole.toString());
    var accumulator = ChatCompletionAccumulator.create();
    try (var stream = client.chat().completions().createStreaming(params)) {
      stream.stream().forEach(accumulator::accumulate);
    }
    // The last one was cut off: a whole answer leaves it out.
    assertEquals(whole, calls(accumulator.chatCompletion()).subList(0, whole.size()));
  }

  private static List<String> calls(ChatCompletion completion) {
    return completion.choices().getFirst().message().toolCalls().orElseThrow().stream()
        .map(call -> call.asFunction().function().arguments())
        .toList();
  }

  private static ResponseCreateParams.Builder told() {
    return ResponseCreateParams.builder()
        .model(StoryServer.MODEL)
        .instructions("You tell stories.")
        .input("Tell me one.")
        .temperature(0.0)
        .maxOutputTokens(24);
  }

  private static String text(Response response) {
    return response.output().getFirst().asMessage().content().getFirst().asOutputText().text();
  }

  @Test
  void responsesAreWrittenStreamedAndRemembered() {
    var whole = client.responses().create(told().build());
    String text = text(whole);
    assertFalse(text.isBlank());
    var accumulator = ResponseAccumulator.create();
    try (var stream = client.responses().createStreaming(told().build())) {
      stream.stream().forEach(accumulator::accumulate);
    }
    assertEquals(text, text(accumulator.response()));
    var next = told().previousResponseId(whole.id()).input("Go on.").build();
    assertEquals(Optional.of(whole.id()), client.responses().create(next).previousResponseId());
    assertEquals(text, text(client.responses().retrieve(whole.id())));
    client.responses().delete(whole.id());
    assertThrows(NotFoundException.class, () -> client.responses().retrieve(whole.id()));
  }

  @Test
  void vectorsAreTheLibrarysToTheBit() throws IOException {
    List<Float> expected = new ArrayList<>();
    try (var model = Model.load(StoryServer.model())) {
      for (float value : model.embedder().embed("a little girl")) {
        expected.add(value);
      }
    }
    var params =
        EmbeddingCreateParams.builder()
            .model(StoryServer.MODEL)
            .inputOfArrayOfStrings(List.of("Once upon a time", "a little girl"));
    var embeddings = client.embeddings().create(params.build());
    assertEquals(expected, embeddings.data().get(1).embedding());
    assertEquals(1, embeddings.data().get(1).index());
    var floats = params.encodingFormat(EmbeddingCreateParams.EncodingFormat.FLOAT).build();
    assertEquals(expected, client.embeddings().create(floats).data().get(1).embedding());
    var few = client.embeddings().create(params.dimensions(16).build()).data().getFirst();
    assertEquals(16, few.embedding().size());
    var ids = EmbeddingCreateParams.builder().model(StoryServer.MODEL);
    var one = client.embeddings().create(ids.inputOfArrayOfTokens(List.of(1L, 2L)).build());
    assertEquals(2, one.usage().totalTokens());
  }

  @Test
  void errorsSayWhatIsWrong() {
    assertError(
        NotFoundException.class,
        404,
        "model_not_found",
        "model",
        () -> client.completions().create(story().model("other").build()));
    assertError(
        BadRequestException.class,
        400,
        "decimal_above_max_value",
        "temperature",
        () -> client.completions().create(story().temperature(3.0).build()));
    assertError(
        BadRequestException.class,
        400,
        "context_length_exceeded",
        "messages",
        () ->
            client.chat().completions().create(chat().addUserMessage("a ".repeat(9_000)).build()));
    assertError(
        BadRequestException.class,
        400,
        "context_length_exceeded",
        "input",
        () ->
            client
                .embeddings()
                .create(
                    EmbeddingCreateParams.builder()
                        .model(StoryServer.MODEL)
                        .input("a ".repeat(9_000))
                        .build()));
    assertError(
        BadRequestException.class,
        400,
        "unknown_parameter",
        "surprise",
        () ->
            client
                .chat()
                .completions()
                .create(chat().putAdditionalBodyProperty("surprise", JsonValue.from(1)).build()));
    assertThrows(NotFoundException.class, () -> client.fineTuning().jobs().list());
  }

  @Test
  void whereBatchesAreOffTheErrorSaysHowToTurnThemOn() throws IOException {
    try (var without = new StoryServer()) {
      var other = client(without, "none", 0);
      var off = assertThrows(BadRequestException.class, () -> other.files().list());
      assertEquals(Optional.of("batches_off"), off.code());
    }
  }

  private static void assertError(
      Class<? extends OpenAIServiceException> type,
      int status,
      String code,
      String param,
      org.junit.jupiter.api.function.Executable call) {
    var thrown = assertThrows(type, call);
    assertEquals(status, thrown.statusCode());
    assertEquals(Optional.of(code), thrown.code());
    assertEquals(Optional.of(param), thrown.param());
    assertEquals(Optional.of("invalid_request_error"), thrown.type());
    assertEquals(1, thrown.headers().values("x-request-id").size());
  }

  @Test
  void requestsHaveNames() {
    try (var response = client.withRawResponse().completions().create(story().build())) {
      assertTrue(response.requestId().orElseThrow().startsWith("req_"));
      assertEquals(28, response.parse().usage().orElseThrow().completionTokens());
    }
  }

  @Test
  void aKeyIsAskedForAndABusyTenantIsTriedAgain() throws Exception {
    Path keys = folder.resolve("keys.json");
    String key = StoryServer.key(keys, 1);
    try (var own = new StoryServer("keys=" + keys, "models.stories.kernels=scalar")) {
      var wrong = client(own, "sk-wrong", 0);
      var impatient = client(own, key, 0);
      var patient = client(own, key, 8);
      assertThrows(UnauthorizedException.class, () -> wrong.models().list());
      // Long enough to be at it while the next one asks, however late that is.
      var endless = story().maxTokens(400).n(64);
      endless.putAdditionalBodyProperty("min_tokens", JsonValue.from(400));
      var stream = impatient.completions().createStreaming(endless.build());
      stream.stream().limit(1).count();
      var busy =
          assertThrows(
              RateLimitException.class, () -> impatient.completions().create(story().build()));
      assertEquals(Optional.of("rate_limit_exceeded"), busy.code());
      assertEquals(Optional.of("rate_limit_error"), busy.type());
      assertEquals(1, busy.headers().values("retry-after-ms").size());
      var closing = Thread.ofVirtual().start(() -> closeSoon(stream));
      assertEquals(1, patient.completions().create(story().build()).choices().size());
      closing.join();
    }
  }

  @Test
  void whatFailsWithinAStreamIsAnErrorOfTheStream() throws Exception {
    try (var own = new StoryServer("limits.request-seconds=1", "models.stories.kernels=scalar")) {
      var endless = story().maxTokens(400).n(64);
      endless.putAdditionalBodyProperty("min_tokens", JsonValue.from(400));
      var seen = new AtomicInteger();
      try (var stream = client(own, "none", 2).completions().createStreaming(endless.build())) {
        var broken =
            assertThrows(
                SseException.class, () -> stream.stream().forEach(_ -> seen.incrementAndGet()));
        assertEquals(Optional.of("overloaded"), broken.code());
        assertEquals(Optional.of("server_error"), broken.type());
      }
      assertTrue(seen.get() > 0, "nothing came before");
      var whole =
          assertThrows(
              InternalServerException.class,
              () -> client(own, "none", 0).completions().create(endless.build()));
      assertEquals(503, whole.statusCode());
    }
  }

  /// What a client does by itself, with nothing set: it comes back when it was told to.
  @Test
  void aFullServerIsTriedAgainAndServesOnceItHasRoom() throws Exception {
    try (var own = new StoryServer("models.stories.waiting=1", "models.stories.kernels=scalar");
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var impatient = client(own, "none", 0);
      var usual = OpenAIOkHttpClient.builder().baseUrl(own.url()).apiKey("none").build();
      CLIENTS.add(usual);
      var endless = story().maxTokens(400);
      endless.putAdditionalBodyProperty("min_tokens", JsonValue.from(400));
      var held = new ConcurrentLinkedQueue<AutoCloseable>();
      var refused = new LinkedBlockingQueue<InternalServerException>();
      for (int i = 0; i < 40; i++) {
        threads.submit(() -> {
          try {
            held.add(impatient.completions().createStreaming(endless.build()));
          } catch (InternalServerException e) {
            refused.add(e);
          }
        });
      }
      var full = refused.take();
      assertEquals(503, full.statusCode());
      assertEquals(Optional.of("overloaded"), full.code());
      assertEquals(1, full.headers().values("retry-after").size());
      assertEquals(1, full.headers().values("retry-after-ms").size());
      threads.submit(() -> held.forEach(OpenAiJavaTest::closeSoon));
      assertEquals(1, usual.completions().create(story().build()).choices().size());
    }
  }

  private static void closeSoon(AutoCloseable stream) {
    try {
      Thread.sleep(300);
      stream.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void whoLeavesEndsItsWork() throws InterruptedException {
    try (var stream = client.completions().createStreaming(story().maxTokens(480).n(8).build())) {
      stream.stream().limit(1).count();
    }
    var hasty = client.withOptions(options -> options.timeout(Duration.ofMillis(20)));
    var slow = story().maxTokens(480).n(16).build();
    assertThrows(OpenAIIoException.class, () -> hasty.completions().create(slow));
    for (int i = 0; i < 1_000 && server.underWay() > 0; i++) {
      Thread.sleep(5);
    }
    assertEquals(0, server.underWay());
  }
}
