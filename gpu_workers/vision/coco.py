"""The 80 kinds of things of the data set COCO (Lin et al., arXiv 1405.0312), which most detectors are trained with."""

from __future__ import annotations

CLASSES = {
    1: "person", 2: "bicycle", 3: "car", 4: "motorcycle", 5: "airplane", 6: "bus", 7: "train", 8: "truck", 9: "boat",
    10: "traffic light", 11: "fire hydrant", 13: "stop sign", 14: "parking meter", 15: "bench", 16: "bird", 17: "cat",
    18: "dog", 19: "horse", 20: "sheep", 21: "cow", 22: "elephant", 23: "bear", 24: "zebra", 25: "giraffe",
    27: "backpack", 28: "umbrella", 31: "handbag", 32: "tie", 33: "suitcase", 34: "frisbee", 35: "skis",
    36: "snowboard", 37: "sports ball", 38: "kite", 39: "baseball bat", 40: "baseball glove", 41: "skateboard",
    42: "surfboard", 43: "tennis racket", 44: "bottle", 46: "wine glass", 47: "cup", 48: "fork", 49: "knife",
    50: "spoon", 51: "bowl", 52: "banana", 53: "apple", 54: "sandwich", 55: "orange", 56: "broccoli", 57: "carrot",
    58: "hot dog", 59: "pizza", 60: "donut", 61: "cake", 62: "chair", 63: "couch", 64: "potted plant", 65: "bed",
    67: "dining table", 70: "toilet", 72: "tv", 73: "laptop", 74: "mouse", 75: "remote", 76: "keyboard",
    77: "cell phone", 78: "microwave", 79: "oven", 80: "toaster", 81: "sink", 82: "refrigerator", 84: "book",
    85: "clock", 86: "vase", 87: "scissors", 88: "teddy bear", 89: "hair drier", 90: "toothbrush",
}  # fmt: skip
"""The names by the ids of the data set, which leave out ten numbers."""

NAMES = tuple(CLASSES.values())

_IMAGENET = {
    "person": "399 474 578 608 610 614 617 652 655 697 735 834 841 869 981 982 983",
    "bicycle": "444 671", "car": "436 468 511 609 627 656 661 751 817", "motorcycle": "665 670",
    "airplane": "404 726 895 908", "bus": "654 779 874", "train": "466 547 705 820 829",
    "truck": "555 569 675 717 864 867 407 734", "boat": "472 484 510 554 576 625 628 724 780 814 871 914",
    "traffic light": "920", "stop sign": "919", "parking meter": "704", "bench": "703",
    "bird": "7-24 80-100 127-146", "cat": "281-285", "dog": "151-268", "horse": "339", "sheep": "348 349",
    "cow": "345-347", "elephant": "101 385 386", "bear": "294-297 388", "zebra": "340", "backpack": "414",
    "umbrella": "879", "handbag": "636 748", "tie": "451 457 906", "skis": "795",
    "sports ball": "429 430 522 574 722 768 805 852 890", "tennis racket": "752", "bottle": "440 720 737 898 901 907",
    "wine glass": "441 572", "cup": "504 647 968", "spoon": "618 910", "bowl": "659 809", "banana": "954",
    "apple": "948", "sandwich": "933", "orange": "950", "broccoli": "937", "hot dog": "934", "pizza": "963",
    "chair": "423 559 765 857", "couch": "831", "potted plant": "738", "bed": "564", "dining table": "526 532",
    "toilet": "861", "tv": "598 664 782 851", "laptop": "620 681", "mouse": "673", "remote": "761",
    "keyboard": "508 878", "cell phone": "487 590 605", "microwave": "651", "oven": "827", "toaster": "859",
    "sink": "896", "refrigerator": "760", "book": "917 921 922", "clock": "409 530 892", "vase": "883",
    "teddy bear": "850", "hair drier": "589",
}  # fmt: skip
"""The classes of ImageNet that are kinds of each, or worn by it, as ids and ranges of ids."""


def from_imagenet() -> dict[int, str]:
    """The class of COCO that each class of ImageNet is a kind of, where there is one, by its number from 0 to 999."""
    kinds: dict[int, str] = {}
    for name, ids in _IMAGENET.items():
        for first, _, last in (part.partition("-") for part in ids.split()):
            kinds |= dict.fromkeys(range(int(first), int(last or first) + 1), name)
    return kinds
