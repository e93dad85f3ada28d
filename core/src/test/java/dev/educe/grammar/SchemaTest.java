package dev.educe.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.Gguf;
import dev.educe.testing.Seeded;
import dev.educe.testing.TestData;
import dev.educe.tokenizer.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class SchemaTest {
  /// Of growing difficulty.
  static final List<String> SCHEMAS =
      List.of(
          "{'type':'boolean'}",
          "{'enum':['red','green',null,7]}",
          "{'type':'integer','minimum':-20,'maximum':1300,'multipleOf':5}",
          "{'type':'string','minLength':3,'maxLength':9}",
          "{'type':'object','properties':{'city':{'type':'string','maxLength':12},"
              + "'days':{'type':['integer','null'],'minimum':1,'maximum':14}},"
              + "'required':['city','days'],'additionalProperties':false}",
          "{'type':'array','items':{'type':'number','minimum':0.5,'exclusiveMaximum':2.25},"
              + "'minItems':2,'maxItems':12}",
          "{'type':'object','properties':{'when':{'type':'string','format':'date-time'},"
              + "'day':{'type':'string','format':'date','maxLength':10},"
              + "'id':{'type':'string','format':'uuid'},'ip':{'format':'ipv4','type':'string'}},"
              + "'required':['when','id'],'additionalProperties':false}",
          "{'type':'object','properties':{'kind':{'enum':['a','b']},"
              + "'code':{'type':'string','pattern':'^[A-Z]{2}-\\\\d{2,5}$','maxLength':6}},"
              + "'required':['kind','code'],"
              + "'patternProperties':{'^x-[a-z]{1,9}$':{'type':'boolean'}},"
              + "'additionalProperties':false,'maxProperties':4}",
          "{'$defs':{'node':{'type':'object','properties':{'value':{'type':'integer',"
              + "'minimum':0,'maximum':9},'next':{'anyOf':[{'$ref':'#/$defs/node'},"
              + "{'type':'null'}]}},'required':['value','next'],'additionalProperties':false}},"
              + "'$ref':'#/$defs/node'}",
          "{'oneOf':[{'type':'object','properties':{'op':{'const':'move'},'to':{'type':'array',"
              + "'prefixItems':[{'type':'integer','minimum':0,'maximum':99},{'enum':['x','y']}],"
              + "'items':false,'minItems':2}},'required':['op','to'],'additionalProperties':false},"
              + "{'type':'object','properties':{'op':{'const':'say'},'text':{'type':'string',"
              + "'maxLength':20}},'required':['op'],'additionalProperties':false}]}");

  static String json(String schema) {
    return schema.replace('\'', '"');
  }

  private static boolean accepts(String schema, String text) {
    return Grammar.schema(json(schema), SchemaOptions.defaults())
        .accepts(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String refusal(String schema) {
    return assertThrows(
            GrammarException.class,
            () -> Grammar.schema(json(schema), SchemaOptions.defaults()),
            schema)
        .getMessage();
  }

  @Test
  void tokensDrawnUnderTheMaskMakeValidTexts(Random random) throws IOException {
    Tokenizer tokenizer;
    try (var file = Gguf.open(TestData.file("models", "stories260K.gguf"))) {
      tokenizer = Tokenizer.of(file.metadata());
    }
    TokenTrie trie = TokenTrie.of(tokenizer);
    for (String schema : SCHEMAS) {
      var validator = new SchemaValidator(json(schema));
      TokenGrammar grammar = Grammar.schema(json(schema), SchemaOptions.defaults()).over(trie);
      for (int seed = 0; seed < 20; seed++) {
        String text = draw(grammar, tokenizer, random);
        assertEquals("", validator.problems(text), text);
      }
    }
  }

  private static String draw(TokenGrammar grammar, Tokenizer tokenizer, Random random) {
    TokenMatcher matcher = grammar.matcher();
    var text = new ByteArrayOutputStream();
    while (!matcher.mustEnd()) {
      long[] allowed = matcher.allowed();
      int chosen = -1;
      int count = 0;
      for (int token = 0; token < tokenizer.vocabularySize(); token++) {
        if ((allowed[token >> 6] >>> token & 1) != 0 && random.nextInt(++count) == 0) {
          chosen = token;
        }
      }
      assertTrue(chosen >= 0, () -> "no token after " + text);
      assertTrue(matcher.accept(chosen));
      if (!tokenizer.endsGeneration(chosen)) {
        text.writeBytes(tokenizer.bytes(chosen));
      }
    }
    return text.toString(StandardCharsets.UTF_8);
  }

  @Test
  void spacesAndEscapesAreTheCanonicalOnes() {
    String list = "{'type':'array','items':{'type':'integer'}}";
    assertTrue(accepts(list, "[1, 2,3]"));
    assertFalse(accepts(list, "[1,  2]"));
    assertFalse(accepts(list, "[ 1]"));
    assertFalse(accepts(list, "[01]"));
    assertFalse(accepts(list, "[-0]"));
    var compact = Grammar.schema(json(list), SchemaOptions.defaults().compact());
    assertFalse(compact.accepts("[1, 2]".getBytes(StandardCharsets.UTF_8)));
    String any = "{'type':'string','maxLength':2}";
    assertTrue(accepts(any, "\"\\ud83d\\ude00\\/\""), "a pair and a slash are two characters");
    assertFalse(accepts(any, "\"\\ud83d\""));
    String pattern = "{'type':'string','pattern':'^.\\\\n$'}";
    assertTrue(accepts(pattern, "\"a\\n\""));
    assertFalse(accepts(pattern, "\"a\\u000a\""));
    assertTrue(accepts("{'const':{'a':[1.50,'\\u0001']}}", "{\"a\": [1.5,\"\\u0001\"]}"));
  }

  @Test
  void keysThatAreNotNamedAreNoneOfTheNames() {
    String schema =
        "{'properties':{'ab':{'type':'null'}},'additionalProperties':{'type':'boolean'},"
            + "'type':'object'}";
    assertTrue(accepts(schema, "{\"ab\":null,\"a\":true,\"abc\":false}"));
    assertFalse(accepts(schema, "{\"ab\":true}"));
    assertFalse(accepts(schema, "{\"a\":null}"));
    var closed = Grammar.schema(json("{'properties':{'a':{}}}"), SchemaOptions.defaults().closed());
    assertFalse(closed.accepts("{\"b\":1}".getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void whatCannotBeHeldIsRefusedByItsPlace() {
    assertTrue(refusal("{'contains':{}}").startsWith("schema at #/contains: "));
    assertTrue(
        refusal("{'not':{'items':{'type':'null'}}}").startsWith("schema at #/not/items: items"));
    assertTrue(refusal("{'not':{}}").contains("no value"));
    assertTrue(
        refusal("{'properties':{'a/b':{'uniqueItems':true}}}")
            .startsWith("schema at #/properties/a~1b/uniqueItems: "));
    assertTrue(refusal("{'$ref':'http://x/y'}").startsWith("schema at #/$ref: only references"));
    assertTrue(refusal("{'$ref':'file:///etc/passwd'}").contains("#/$ref"));
    assertTrue(refusal("{'$ref':'#/$defs/none'}").contains("there is nothing"));
    assertTrue(refusal("{'$ref':'#'}").contains("refers to itself"));
    assertTrue(refusal("{'allOf':[{'$ref':'#'}]}").contains("refers to itself"));
    assertTrue(refusal("{'type':'integer','minimum':3,'maximum':2}").contains("#/maximum"));
    assertTrue(refusal("{'type':'integer','minimum':2.2,'maximum':2.8}").contains("no such"));
    assertTrue(refusal("{'type':'string','pattern':'^(a)\\\\1$'}").contains("#/pattern"));
    assertTrue(
        refusal("{'type':'string','pattern':'^(ab)*$','minLength':3,'maxLength':3}")
            .contains("no string"));
    assertTrue(
        refusal("{'oneOf':[{'type':'array'},{'items':{'type':'null'}}]}").contains("#/oneOf"));
    assertTrue(refusal("{'type':'nonsense'}").contains("#/type"));
    assertTrue(
        refusal("{'type':'object','required':['a'],'properties':{'a':{'$ref':'#'}}}")
            .contains("no value"));
    assertTrue(refusal("{'multipleOf':1e-500}").contains("#/multipleOf"));
    assertTrue(refusal("{'minimum':8E88888888888888}").contains("exponent"));
    assertTrue(accepts("{'const':[1E2147483640]}", "[1E+2147483640]"));
    assertTrue(refusal("false").contains("#"));
    assertTrue(refusal("[1").contains("not JSON"));
    assertTrue(refusal("7").contains("object or a boolean"));
  }

  @Test
  void whatMustNotFitDoesNot() {
    String one = "{'oneOf':[{'required':['a']},{'required':['b']}],'type':'object'}";
    assertTrue(accepts(one, "{\"a\":1}"));
    assertTrue(accepts(one, "{\"b\":1,\"c\":2}"));
    assertFalse(accepts(one, "{\"a\":1,\"b\":1}"));
    assertFalse(accepts(one, "{}"));
    String numbers = "{'oneOf':[{'type':'number'},{'type':'integer'}]}";
    assertTrue(accepts(numbers, "1.5"));
    assertFalse(accepts(numbers, "2"));
    String other = "{'type':['string','integer','boolean'],'not':{'enum':['a',5,true,null]}}";
    for (String good : List.of("\"b\"", "\"aa\"", "55", "false")) {
      assertTrue(accepts(other, good), good);
    }
    for (String bad : List.of("\"a\"", "5", "true")) {
      assertFalse(accepts(other, bad), bad);
    }
    String kind =
        "{'type':'object','properties':{'kind':{'enum':['x','y']},'n':{'type':'integer'}},"
            + "'if':{'properties':{'kind':{'const':'x'}}},'then':{'required':['n']},"
            + "'else':{'properties':{'n':false}},'required':['kind']}";
    assertTrue(accepts(kind, "{\"kind\":\"x\",\"n\":1}"));
    assertTrue(accepts(kind, "{\"kind\":\"y\"}"));
    assertFalse(accepts(kind, "{\"kind\":\"x\"}"));
    assertFalse(accepts(kind, "{\"kind\":\"y\",\"n\":1}"));
    String card =
        "{'type':'object','properties':{'card':{},'code':{}},"
            + "'dependentRequired':{'card':['code']}}";
    assertTrue(accepts(card, "{\"code\":1}"));
    assertFalse(accepts(card, "{\"card\":1}"));
    assertTrue(accepts(card, "{\"card\":1,\"code\":2}"));
    String tree = "{'not':{'properties':{'next':{'$ref':'#'}},'required':['next']}}";
    assertTrue(accepts(tree, "{\"next\":1}"));
    assertFalse(accepts(tree, "{\"next\":{\"next\":1}}"));
  }

  @Test
  void largeCountsAreCounters() {
    assertTrue(accepts("{'type':'string','maxLength':2147483648}", "\"abc\""));
    assertFalse(accepts("{'type':'string','minLength':65536}", "\"abc\""));
    assertTrue(accepts("{'type':'string','maxLength':65536,'pattern':'^a+b*$'}", "\"aab\""));
    assertFalse(accepts("{'type':'array','minItems':1000000000}", "[1]"));
    assertTrue(accepts("{'type':'string','pattern':'^a{0,1000000000}$'}", "\"aa\""));
    var values = new ArrayList<String>();
    IntStream.range(0, 100_000).forEach(i -> values.add("\"v" + i + "\""));
    assertTrue(accepts("{'enum':[" + String.join(",", values) + "]}", "\"v99999\""));
    assertTrue(accepts("{'type':'object','properties':{}}", "{}"));
  }

  /// What would take very long, or a deep stack, is refused or done soon.
  @Test
  void hostileSchemasAreBounded() {
    String deep = "{'items':".repeat(1_000_000) + "{}" + "}".repeat(1_000_000);
    assertTrue(refusal(deep).contains("more than"));
    assertTrue(refusal("{'items':".repeat(1_000) + "{}" + "}".repeat(1_000)).contains("not JSON"));
    String branch = "{'anyOf':[{'minLength':1},{'maxLength':9}]}";
    String product = String.join(",", java.util.Collections.nCopies(20, branch));
    assertTrue(refusal("{'allOf':[" + product + "]}").contains("alternatives"));
    String many = String.join(",", java.util.Collections.nCopies(10_000, "{'minLength':1}"));
    assertTrue(refusal("{'type':'string','allOf':[" + many + "]}").contains("too many"));
    var chain = new StringBuilder("{'$ref':'#/$defs/d0','$defs':{");
    for (int i = 0; i < 10_000; i++) {
      chain.append("'d%d':{'$ref':'#/$defs/d%d'},".formatted(i, i + 1));
    }
    assertTrue(refusal(chain + "'d10000':{}}}").contains("references lead to each other"));
  }

  @Test
  void aToolListIsALanguageOfCalls() {
    var tools =
        List.of(
            new Tool(
                "add",
                json(
                    "{'type':'object','properties':{'n':{'type':'integer'}},"
                        + "'required':['n']}")),
            new Tool("stop", json("{'type':'object','properties':{}}")));
    var format =
        new ToolFormat(
            new Part.Text("["),
            new Part.Text("{\"name\": \""),
            new Part.Text("\", \"arguments\": "),
            new Part.Text("}"),
            new Part.Text(", "),
            new Part.Text("]"),
            2,
            SchemaOptions.defaults().closed());
    Grammar grammar = Grammar.tools(tools, format);
    String add = "{\"name\": \"add\", \"arguments\": {\"n\": 1}}";
    String stop = "{\"name\": \"stop\", \"arguments\": {}}";
    for (String good : List.of("[" + add + "]", "[" + add + ", " + stop + "]")) {
      assertTrue(grammar.accepts(good.getBytes(StandardCharsets.UTF_8)), good);
    }
    for (String bad : List.of(add, "[]", "[" + stop + ", " + stop + ", " + stop + "]")) {
      assertFalse(grammar.accepts(bad.getBytes(StandardCharsets.UTF_8)), bad);
    }
    Grammar free = Grammar.of(format.textOrCalls(tools, List.of("[")));
    for (String good : List.of("", "hello", "so: [" + add + "]")) {
      assertTrue(free.accepts(good.getBytes(StandardCharsets.UTF_8)), good);
    }
    assertFalse(free.accepts("so: [x".getBytes(StandardCharsets.UTF_8)));
    var wrong = List.of(new Tool("bad", json("{'contains':{}}")));
    var problem = assertThrows(GrammarException.class, () -> Grammar.tools(wrong, format));
    assertTrue(problem.getMessage().startsWith("bad: schema at #/contains"), problem.getMessage());
  }
}
