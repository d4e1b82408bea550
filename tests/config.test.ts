import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { ConfigError, readConfig, readEnvFile, settings } from "../src/config.ts";

const key = Buffer.alloc(32, 7).toString("base64");

test("without anything set, every setting has its documented default", () => {
  const config = readConfig({});
  assert.equal(config.port, 8090);
  assert.equal(config.host, "127.0.0.1");
  assert.deepEqual(config.extraPorts, []);
  assert.deepEqual(config.store, { kind: "sqlite", path: "carillon.db" });
  assert.equal(config.sandboxPath, "carillon.db.sandbox");
  assert.equal(config.logLevel, "info");
  assert.equal(config.url, "http://localhost:8090");
  assert.deepEqual(config.warnings, []);
});

test("every setting is read from its variable", () => {
  const config = readConfig({
    PORT: "9000",
    HOST: "0.0.0.0",
    EXTRA_PORTS: "8000, 5000",
    DATABASE_PATH: "/data/a.db",
    SANDBOX_PATH: "/data/b",
    LOG_LEVEL: "WARN",
    CARILLON_SECRET: "s".repeat(32),
    ENCRYPTION_KEYS: `k2:${key},k1:${"ab".repeat(32)}`,
    PUBLIC_URL: "https://calls.example.com/",
    CORS_ORIGINS: "https://a.example.com,http://localhost:5173",
    RATE_LIMIT: "0",
    TRUST_PROXY: "true",
    ZONEINFO_DIR: "/zones",
    CARILLON_URL: "http://server:8090",
    CARILLON_API_KEY: "car_x",
    NO_COLOR: "1",
  });
  assert.equal(config.port, 9000);
  assert.equal(config.host, "0.0.0.0");
  assert.deepEqual(config.extraPorts, [8000, 5000]);
  assert.deepEqual(config.store, { kind: "sqlite", path: "/data/a.db" });
  assert.equal(config.sandboxPath, "/data/b");
  assert.equal(config.logLevel, "warn");
  assert.equal(config.secret, "s".repeat(32));
  assert.deepEqual(
    config.encryptionKeys.map(({ id, key: bytes }) => [id, bytes.length]),
    [
      ["k2", 32],
      ["k1", 32],
    ],
  );
  assert.equal(config.publicUrl, "https://calls.example.com");
  assert.deepEqual(config.corsOrigins, ["https://a.example.com", "http://localhost:5173"]);
  assert.equal(config.rateLimit, 0);
  assert.equal(config.trustProxy, true);
  assert.equal(config.zoneinfoDir, "/zones");
  assert.equal(config.url, "http://server:8090");
  assert.equal(config.apiKey, "car_x");
  assert.equal(config.noColor, true);
});

test("the doors' settings have the defaults that their systems document, and are read from their variables", () => {
  const { tasks, schedule, scheduling } = readConfig({}).doors;
  assert.deepEqual(tasks, {
    isOn: true,
    isOpen: false,
    timezone: "UTC",
    backendUrl: null,
    backendToken: null,
    backendOrigins: [],
  });
  assert.deepEqual([schedule.timezone, schedule.instancesMax, schedule.misfireGraceMs], ["UTC", 3, 300_000]);
  assert.equal(scheduling.timezone, "Asia/Kolkata");
  assert.deepEqual(scheduling.businessHours, { start: "09:00", end: "18:00" });
  assert.deepEqual(scheduling.refusedRetries, { attemptsMax: 3, backoffMs: 2000 });
  const { doors, warnings } = readConfig({
    DOOR_TASKS: "off",
    DOOR_SCHEDULE_AUTH: "none",
    DEFAULT_BACKEND_BASE_URL: "https://voice.example.com/v2/",
    BACKEND_INTERNAL_TOKEN: "token-1",
    BACKEND_ALLOWED_ORIGINS: "https://other.example.com",
    POLL_INTERVAL: "0.5",
    SCHEDULER_TIMEZONE: "America/New_York",
    SCHEDULER_MAX_INSTANCES: "1",
    SCHEDULER_MISFIRE_GRACE_TIME: "60",
    DEFAULT_TIMEZONE: "UTC",
    DEFAULT_BUSINESS_HOURS_START: "8:30",
    DEFAULT_BUSINESS_HOURS_END: "17:00",
    QUEUE_RETRY_ATTEMPTS: "5",
    QUEUE_RETRY_BACKOFF_DELAY: "500",
  });
  assert.deepEqual(warnings, []);
  assert.equal(doors.tasks.isOn, false);
  assert.equal(doors.schedule.isOpen, true);
  assert.equal(doors.tasks.backendUrl, "https://voice.example.com/v2");
  assert.equal(doors.tasks.backendToken, "token-1");
  assert.deepEqual(doors.tasks.backendOrigins, ["https://other.example.com"]);
  assert.equal(doors.schedule.timezone, "America/New_York");
  assert.equal(doors.schedule.instancesMax, 1);
  assert.equal(doors.schedule.misfireGraceMs, 60_000);
  assert.equal(doors.scheduling.timezone, "UTC");
  assert.deepEqual(doors.scheduling.businessHours, { start: "08:30", end: "17:00" });
  assert.deepEqual(doors.scheduling.refusedRetries, { attemptsMax: 5, backoffMs: 500 });
});

test("DATABASE_URL wins over DATABASE_PATH, in every form that is promised", () => {
  const store = (DATABASE_URL: string) => readConfig({ DATABASE_URL, DATABASE_PATH: "other.db" }).store;
  assert.deepEqual(store("sqlite:calls.db"), { kind: "sqlite", path: "calls.db" });
  assert.deepEqual(store("sqlite:///calls.db"), { kind: "sqlite", path: "calls.db" });
  assert.deepEqual(store("sqlite:///./calls.db"), { kind: "sqlite", path: "./calls.db" });
  assert.deepEqual(store("sqlite:///var/lib/calls.db"), { kind: "sqlite", path: "/var/lib/calls.db" });
  assert.deepEqual(store("sqlite:////var/lib/calls.db"), { kind: "sqlite", path: "/var/lib/calls.db" });
  assert.deepEqual(store("postgres://u:p@h:5432/d"), { kind: "postgres", url: "postgres://u:p@h:5432/d" });
  assert.deepEqual(store("postgresql://u:p@h/d"), { kind: "postgres", url: "postgres://u:p@h/d" });
  assert.deepEqual(store("postgresql+asyncpg://u:p@h/d?ssl=require"), {
    kind: "postgres",
    url: "postgres://u:p@h/d?sslmode=require",
  });
});

test("the command line wins over the environment, that over the .env file, that over the default", () => {
  const [env, file] = [{ PORT: "2" }, { PORT: "3", HOST: "localhost" }];
  assert.equal(readConfig(env, { port: "1" }, file).port, 1);
  assert.equal(readConfig(env, {}, file).port, 2);
  assert.equal(readConfig({}, {}, file).port, 3);
  assert.equal(readConfig({ PORT: "" }, {}, file).port, 3);
  assert.equal(readConfig(env, {}, file).host, "localhost");
});

test("NAME_FILE reads the value from a file, without the line's end", (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, "url"), "postgres://u:p@h/d\n");
  const config = readConfig({ DATABASE_URL_FILE: join(folder, "url") });
  assert.deepEqual(config.store, { kind: "postgres", url: "postgres://u:p@h/d" });
  assert.match(problemsOf({ DATABASE_URL_FILE: join(folder, "none") }), /DATABASE_URL_FILE is .*can be read/);
  assert.match(problemsOf({ PORT: "1", PORT_FILE: join(folder, "url") }), /PORT and PORT_FILE are both set/);
  writeFileSync(join(folder, "port"), "many\n");
  assert.match(problemsOf({ PORT_FILE: join(folder, "port") }), /PORT \(from PORT_FILE\) is "many"/);
});

test("a value that cannot be used is refused with the name, the value and what is expected", () => {
  const wrong: Record<string, string> = {
    PORT: "65536",
    EXTRA_PORTS: "8000;5000",
    LOG_LEVEL: "loud",
    PUBLIC_URL: "calls.example.com",
    CORS_ORIGINS: "https://a.example.com/path",
    CARILLON_URL: "ftp://x",
    RATE_LIMIT: "-1",
  };
  const problems = problemsOf(wrong).split("\n");
  assert.equal(problems.length, Object.keys(wrong).length, "all of them at once");
  for (const [name, value] of Object.entries(wrong)) {
    const problem = problems.find((one) => one.startsWith(`${name} is`)) ?? "";
    assert.ok(problem.includes(JSON.stringify(value)), problem);
    assert.match(problem, /expected .+\./);
  }
});

test("the variables of a Twilio account are read, under both names of its number, and from files", (t) => {
  const folder = temporaryFolder(t);
  const { twilio } = readConfig({
    TWILIO_ACCOUNT_SID: `AC${"a".repeat(32)}`,
    TWILIO_AUTH_TOKEN: "token",
    TWILIO_FROM: "+14155550100",
    TWILIO_WEBHOOK_URL: "https://calls.example.com/webhook/call-status",
  });
  assert.deepEqual(twilio, {
    accountSid: `AC${"a".repeat(32)}`,
    authToken: "token",
    phoneNumber: "+14155550100",
    webhookUrl: "https://calls.example.com/webhook/call-status",
  });
  assert.equal(readConfig({}).twilio.accountSid, null);
  writeFileSync(join(folder, "token"), "from a file\n");
  assert.equal(readConfig({ TWILIO_AUTH_TOKEN_FILE: join(folder, "token") }).twilio.authToken, "from a file");
  const unfilled = readConfig({
    TWILIO_ACCOUNT_SID: "your_account_sid",
    TWILIO_AUTH_TOKEN: "your_auth_token",
  });
  assert.equal(unfilled.twilio.accountSid, "your_account_sid", "judged by the line that wants it");
});

test("the variables of a LiveKit project are read, with an address of either kind", (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, "secret"), "from a file\n");
  const { livekit } = readConfig({
    LIVEKIT_URL: "wss://clinic.livekit.cloud/",
    LIVEKIT_API_KEY: "APIclinic01",
    LIVEKIT_API_SECRET_FILE: join(folder, "secret"),
    LIVEKIT_SIP_TRUNK_ID: "ST_clinic01",
    LIVEKIT_AGENT_NAME: "greeter",
  });
  assert.deepEqual(livekit, {
    url: "wss://clinic.livekit.cloud",
    apiKey: "APIclinic01",
    apiSecret: "from a file",
    sipTrunkId: "ST_clinic01",
    agentName: "greeter",
  });
  assert.equal(readConfig({ LIVEKIT_URL: "http://localhost:7880" }).livekit.url, "http://localhost:7880");
  assert.equal(readConfig({}).livekit.url, null);
  assert.match(problemsOf({ LIVEKIT_URL: "clinic.livekit.cloud" }), /LIVEKIT_URL is .+ expected a URL/);
});

test("a secret that cannot be used is not shown", () => {
  const secrets = {
    DATABASE_URL: "mysql://root:hunter2@h/d",
    CARILLON_SECRET: "hunter2",
    ENCRYPTION_KEYS: "k1:hunter2",
    REDIS_URL: "hunter2",
  };
  const problems = problemsOf(secrets);
  assert.equal(problems.split("\n").length, 4);
  assert.doesNotMatch(problems, /hunter2/);
});

test("two encryption keys of one name are refused", () => {
  assert.match(problemsOf({ ENCRYPTION_KEYS: `a:${key},a:${key}` }), /each id once/);
});

test("REDIS_URL without Postgres is a warning and is ignored", () => {
  const alone = readConfig({ REDIS_URL: "redis://localhost:6379/0" });
  assert.equal(alone.redisUrl, null);
  assert.match(alone.warnings.join("\n"), /REDIS_URL is ignored/);
  const beside = readConfig({ REDIS_URL: "redis://localhost:6379/0", DATABASE_URL: "postgres://h/d" });
  assert.equal(beside.redisUrl, "redis://localhost:6379/0");
  assert.deepEqual(beside.warnings, []);
});

test("variables of other systems are accepted, and each is told what replaces it", () => {
  const { warnings } = readConfig({
    FCM_SERVER_KEY: "x",
    MONGODB_URL: "mongodb://x",
    CELERY_BROKER_URL: "redis://x",
    CELERY_RESULT_BACKEND: "redis://x",
  });
  const all = warnings.join("\n");
  assert.match(all, /FCM_SERVER_KEY: .*service account/);
  assert.match(all, /MONGODB_URL: .*DATABASE_URL/);
  assert.match(all, /CELERY_BROKER_URL, CELERY_RESULT_BACKEND: .*carillon serve/);
});

test("a .env file is read where there is one", (t) => {
  const folder = temporaryFolder(t);
  assert.deepEqual(readEnvFile(join(folder, ".env")), {});
  writeFileSync(join(folder, ".env"), "# a comment\nPORT=9001\nCARILLON_SECRET='a b'\n");
  assert.deepEqual(readEnvFile(join(folder, ".env")), { PORT: "9001", CARILLON_SECRET: "a b" });
});

test("every setting says what it means and what it takes", () => {
  for (const { name, meaning, expected } of Object.values(settings)) {
    assert.match(name, /^[A-Z][A-Z_]+$/);
    assert.match(meaning, /\.$/, name);
    assert.ok(expected.length > 5, name);
  }
});

function problemsOf(env: Record<string, string>): string {
  try {
    readConfig(env);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
  return assert.fail("nothing was refused");
}

function temporaryFolder(t: { after(then: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), "carillon-test-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("the mail server is read as a whole: its sender may be the user, and TLS goes with its port", () => {
  assert.equal(readConfig({}).smtp, null);
  const server = { SMTP_HOST: "mail.example.com", SMTP_USER: "calls@example.com", SMTP_PASSWORD: "secret" };
  assert.deepEqual(readConfig(server).smtp, {
    host: "mail.example.com",
    port: 587,
    secure: false,
    user: "calls@example.com",
    password: "secret",
    from: "calls@example.com",
  });
  const named = { ...server, SMTP_PORT: "465", SMTP_FROM: "Carillon <calls@example.org>" };
  assert.deepEqual(
    [readConfig(named).smtp?.secure, readConfig(named).smtp?.from],
    [true, "Carillon <calls@example.org>"],
  );
  assert.equal(readConfig({ ...named, SMTP_SECURE: "0" }).smtp?.secure, false);
  assert.throws(() => readConfig({ SMTP_HOST: "mail.example.com" }), /SMTP_FROM/);
  for (const from of [
    "nobody",
    "a@b.example\r\nBcc: c@d.example",
    "a@b.example, c@d.example",
    "<a@b.example>",
  ])
    assert.throws(() => readConfig({ ...server, SMTP_FROM: from }), /SMTP_FROM/, from);
});
