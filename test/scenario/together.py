"""Things that customers do at the same moment."""
import threading


def run(n, do):
    """Calls do(0) … do(n - 1), each in a thread, all let go at once; returns what they return. What one of
    them throws is thrown here."""
    barrier, results, errors = threading.Barrier(n), [None] * n, []

    def one(i):
        try:
            barrier.wait(30)
            results[i] = do(i)
        except BaseException as error:  # of another thread: shown by this one
            errors.append(error)

    threads = [threading.Thread(target=one, args=(i,), daemon=True) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    if errors:
        raise errors[0]
    assert not any(thread.is_alive() for thread in threads), "one of them hangs"
    return results
