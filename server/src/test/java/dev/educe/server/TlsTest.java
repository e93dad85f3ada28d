package dev.educe.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Certificates and keys in the two forms they come in.
class TlsTest {
  private static final String PASSWORD = "changeit";

  @TempDir private static Path folder;
  private static KeyStore store;

  /// Made by the JDK's own tool.
  @BeforeAll
  static void make() throws Exception {
    var tool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    var file = folder.resolve("server.p12");
    var process =
        new ProcessBuilder(
                tool,
                "-genkeypair",
                "-keystore",
                file.toString(),
                "-storetype",
                "PKCS12",
                "-storepass",
                PASSWORD,
                "-alias",
                "server",
                "-keyalg",
                "EC",
                "-dname",
                "CN=localhost",
                "-ext",
                "SAN=dns:localhost,ip:127.0.0.1",
                "-validity",
                "2")
            .inheritIO()
            .start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    store = KeyStore.getInstance(file.toFile(), PASSWORD.toCharArray());
    Files.writeString(folder.resolve("password"), PASSWORD + "\n");
    Files.writeString(
        folder.resolve("chain.pem"),
        pem("CERTIFICATE", store.getCertificate("server").getEncoded()));
    byte[] key = store.getKey("server", PASSWORD.toCharArray()).getEncoded();
    Files.writeString(folder.resolve("key.pem"), pem("PRIVATE KEY", key));
  }

  private static String pem(String kind, byte[] bytes) {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
    return "-----BEGIN " + kind + "-----\n" + text + "\n-----END " + kind + "-----\n";
  }

  private static SSLContext trusting() throws Exception {
    var trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("server", store.getCertificate("server"));
    var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    var context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  private static String[] pemFiles() {
    return new String[] {
      "tls.certificate=" + folder.resolve("chain.pem"), "tls.key=" + folder.resolve("key.pem")
    };
  }

  private static String[] keyStore() {
    return new String[] {
      "tls.keystore=" + folder.resolve("server.p12"),
      "tls.password-file=" + folder.resolve("password")
    };
  }

  @Test
  void bothFormsServe() throws Exception {
    for (String[] settings : List.of(pemFiles(), keyStore())) {
      try (var served = new Served(settings);
          var client = HttpClient.newBuilder().sslContext(trusting()).build()) {
        assertEquals("https", served.server.uri().getScheme());
        var request =
            HttpRequest.newBuilder(served.uri("/v1/completions"))
                .header("content-type", "application/json")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        "{\"model\":\"letters\",\"prompt\":\"x\",\"stream\":true}"))
                .build();
        var response = client.send(request, BodyHandlers.ofString());
        assertEquals(200, response.statusCode());
        assertTrue(response.body().endsWith("data: [DONE]\n\n"), response.body());
        // Who does not trust the certificate gets nothing, and neither does plain HTTP.
        assertThrows(SSLException.class, () -> served.get("/health"));
        assertTrue(!served.raw("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").contains("ok"));
      }
    }
  }

  @Test
  void oldVersionsAreRefused() throws Exception {
    try (var served = new Served(pemFiles());
        var socket =
            (SSLSocket)
                trusting()
                    .getSocketFactory()
                    .createSocket("localhost", served.server.uri().getPort())) {
      assertThrows(
          IllegalArgumentException.class, () -> socket.setEnabledProtocols(new String[] {"SSLv2"}));
      socket.setEnabledProtocols(new String[] {"TLSv1.1"});
      assertThrows(SSLException.class, socket::startHandshake);
    }
  }

  @Test
  void aClientThatLeavesIsSeenToo() throws Exception {
    try (var served = new Served(pemFiles())) {
      String body = "{\"model\":\"letters\",\"prompt\":\"hold\",\"stream\":true}";
      var socket =
          trusting().getSocketFactory().createSocket("localhost", served.server.uri().getPort());
      served.send(socket.getOutputStream(), body);
      Served.await(() -> served.model.underWay.get() == 1);
      socket.close();
      Served.await(() -> served.model.underWay.get() == 0);
    }
  }

  @Test
  void filesThatDoNotServeAreNamed() throws Exception {
    var none = Files.writeString(folder.resolve("none.pem"), "nothing");
    var wrong = Files.writeString(folder.resolve("wrong"), "wrong\n");
    failed("none.pem", "tls.certificate=" + none, pemFiles()[1]);
    failed("none.pem", pemFiles()[0], "tls.key=" + none);
    failed("server.p12", keyStore()[0], "tls.password-file=" + wrong);
  }

  private static void failed(String file, String... settings) {
    var failure = assertThrows(IOException.class, () -> new Served(settings).close());
    assertTrue(failure.getMessage().contains(file), failure.getMessage());
  }
}
