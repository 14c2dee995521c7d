"""Train a classifier of your own on a model's embeddings, and test it on speakers it never met.

The table is a CSV with the columns `path`, `label` and `speaker`.

python examples/classifier_on_embeddings.py mine.csv
"""

import sys

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import classification_report
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from affekt import open_dataset
from affekt.audio import decode
from affekt.recognition import Bundle

clips = open_dataset(table=sys.argv[1], labels="own").utterances
bundle = Bundle.load("default")
embeddings = []
for clip in clips:
    sound = decode(clip.path, start_s=clip.start_s, end_s=clip.end_s)
    embeddings.append(bundle.run(sound.signal[np.newaxis]).embedding[0])

labels = [clip.emotion for clip in clips]
speakers = [clip.speaker for clip in clips]
classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
folds = GroupKFold(min(5, len(set(speakers))))  # no speaker is in training and test at once
answers = cross_val_predict(classifier, embeddings, labels, groups=speakers, cv=folds)
print(classification_report(labels, answers, zero_division=0))

classifier.fit(embeddings, labels)  # on everybody, for use
