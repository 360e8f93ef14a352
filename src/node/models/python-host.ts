/**
 * The Python process of a person's provider: the same lines of JSON as provider-host.ts. Standard output is kept for the
 * answers; what the provider prints goes to standard error. Coroutines are awaited; calls run in threads.
 */
export const PYTHON_HOST = String.raw`
import asyncio, concurrent.futures, importlib.util, inspect, json, os, sys, threading, traceback
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
sys.stdout = sys.stderr
start = json.loads(sys.stdin.readline())
lock = threading.Lock()
def send(message):
    try:
        text = json.dumps(message)
    except (TypeError, ValueError) as error:
        text = json.dumps({"id": message["id"], "error": "The answer cannot be written as JSON: %s" % error})
    with lock:
        answers.write(text + "\n")
        answers.flush()
failure = None
function = None
try:
    sys.path.insert(0, os.path.dirname(os.path.abspath(start["path"])))
    spec = importlib.util.spec_from_file_location("touchstone_provider", start["path"])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    target = module
    for part in start["function"].split("."):
        target = getattr(target, part)
    function = target
except BaseException:
    failure = "".join(traceback.format_exc(limit=-4))
def call(request):
    try:
        if failure is not None:
            raise RuntimeError(failure)
        value = function(request["prompt"], {"id": start["id"], "config": start["config"]}, request["context"])
        if inspect.isawaitable(value):
            async def wait():
                return await value
            value = asyncio.run(wait())
        send({"id": request["id"], "value": value})
    except BaseException:
        send({"id": request["id"], "error": failure or "".join(traceback.format_exc(limit=-4))})
with concurrent.futures.ThreadPoolExecutor(max_workers=32) as pool:
    for line in sys.stdin:
        if line.strip():
            pool.submit(call, json.loads(line))
`;
