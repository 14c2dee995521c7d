"""Ask a running service, so that the model is loaded once for many programs.

affekt serve                                     # in another terminal; extra `service`
python examples/service_client.py speech.wav http://localhost:8000
"""

import sys

from affekt.client import Client, ServiceError

recording = sys.argv[1]
url = sys.argv[2] if len(sys.argv) > 2 else "http://localhost:8000"

with Client(url) as client:
    try:
        answer = client.recognize(recording)
    except ServiceError as error:  # the service's own words: what was wrong, and the remedy
        sys.exit(str(error))

print(f"{recording}: {answer.emotion}, {answer.confidence:.0%}, by {answer.model}")
for score in answer.predictions:
    print(f"  {score.label:10} {score.score:6.1%}")
if answer.uncertain:
    print("The model is not sure.")
