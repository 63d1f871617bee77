"""What a type checker and an editor see of the package: all names, where they live.

`__init__.py` loads the same names on first use; a test keeps the two alike.
"""

from .classifier import PatchBlurClassifier as PatchBlurClassifier
from .enhance import AdaptiveUnsharpMask as AdaptiveUnsharpMask
from .enhance import ContrastAdaptiveSharpening as ContrastAdaptiveSharpening
from .enhance import GeneralizedUnsharpMask as GeneralizedUnsharpMask
from .enhance import UnsharpMask as UnsharpMask
from .mapping import CalibratedMapper as CalibratedMapper
from .mapping import CombinedMapper as CombinedMapper
from .mapping import ContextMapper as ContextMapper
from .mapping import MotionDetector as MotionDetector
from .mapping import PrecomputedMapper as PrecomputedMapper
from .mapping import SlidingWindowMapper as SlidingWindowMapper
from .mapping.peers import AdaptiveScaleEdgeMapper as AdaptiveScaleEdgeMapper
from .mapping.peers import EdgeRatioMapper as EdgeRatioMapper
from .mapping.peers import EntropyMapper as EntropyMapper
from .mapping.peers import FastDefocusMapper as FastDefocusMapper
from .mapping.peers import HiFSTMapper as HiFSTMapper
from .mapping.peers import JustNoticeableMapper as JustNoticeableMapper
from .mapping.peers import LaplacianVarianceMapper as LaplacianVarianceMapper
from .mapping.peers import LBPMapper as LBPMapper
from .mapping.peers import StandardDeviationMapper as StandardDeviationMapper
from .refine import GlobalRefiner as GlobalRefiner
from .refine import GuidedRefiner as GuidedRefiner
from .refine import MattingRefiner as MattingRefiner
from .refine import MutualGuidedRefiner as MutualGuidedRefiner
from .refine import WGIFRefiner as WGIFRefiner
from .render import SDoFRenderer as SDoFRenderer
from .sample import UNKNOWN as UNKNOWN
from .sample import DefocusSample as DefocusSample
from .segment import DefocusSegmenter as DefocusSegmenter
from .shortcuts import estimate_blur_map as estimate_blur_map
from .shortcuts import shallow_focus as shallow_focus
from .shortcuts import sharpen as sharpen

# In the order of the pipeline.
__all__ = [  # noqa: RUF022
    "DefocusSample",
    "UNKNOWN",
    "PatchBlurClassifier",
    "SlidingWindowMapper",
    "CombinedMapper",
    "ContextMapper",
    "LaplacianVarianceMapper",
    "EntropyMapper",
    "StandardDeviationMapper",
    "EdgeRatioMapper",
    "AdaptiveScaleEdgeMapper",
    "FastDefocusMapper",
    "HiFSTMapper",
    "JustNoticeableMapper",
    "LBPMapper",
    "PrecomputedMapper",
    "CalibratedMapper",
    "MotionDetector",
    "WGIFRefiner",
    "GlobalRefiner",
    "GuidedRefiner",
    "MutualGuidedRefiner",
    "MattingRefiner",
    "DefocusSegmenter",
    "AdaptiveUnsharpMask",
    "UnsharpMask",
    "ContrastAdaptiveSharpening",
    "GeneralizedUnsharpMask",
    "SDoFRenderer",
    "estimate_blur_map",
    "sharpen",
    "shallow_focus",
]

__version__: str
