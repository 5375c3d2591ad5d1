"""Error, gamma, zeta and Bessel functions; the exact values are mpmath's, with 30 digits."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, broadcasting, case, elementwise
from tests.ops.inputs import floats, given, positive, special
from tidefall.ops.special import bessel_i1e, igamma_grad_a

erf, erfc, lgamma = (np.vectorize(f, otypes=[float]) for f in (math.erf, math.erfc, math.lgamma))
wide = {"dtypes": ("float64", "float32"), "halves": ()}
A_SECOND = "the second derivative with respect to a is not computed"

CASES: list[Case] = [
    *elementwise(tf.erf, floats, erf),
    *elementwise(tf.erfc, floats, erfc),
    *elementwise(tf.lgamma, positive, lgamma),
    case(tf.erf, special(-10.0, -0.0, 1e-20, 6.0, np.inf, np.nan), expect=erf),
    case(tf.erfc, special(-10.0, 0.0, 27.0, -np.inf, np.inf, np.nan), expect=erfc),
    case(
        tf.lgamma,
        special(0.0, -1.0, 1.0, 2.0, 1e-30, np.inf),
        expect=np.array([np.inf, np.inf, 0, 0, 69.07755278982137, np.inf]),
    ),
    case(
        tf.lgamma,
        given(
            [0.1, 0.5, 0.9, 1.1, 1.46, 2.5, 3.7, 7.9, 8.1, 30.0, 100000.0, -0.5, -2.3, -10.7],
            random=True,
        ),
        expect=np.array(
            [
                2.252712651734206,
                0.5723649429247001,
                0.06637623973474295,
                -0.049872441259839764,
                -0.12148500100400743,
                0.2846828704729192,
                1.428072326665388,
                8.32426586800881,
                8.72738826343204,
                71.25703896716801,
                1051287.7089736569,
                1.2655121234846454,
                0.36956666345500805,
                -15.416789096416636,
            ]
        ),
        loose=(1e-3, "poles"),
        no_second="poles",
    ),
    case(
        tf.digamma,
        given(
            [
                1e-05,
                0.1,
                0.5,
                0.9,
                1.1,
                1.46,
                2.5,
                3.7,
                7.9,
                8.1,
                30.0,
                100000.0,
                -0.5,
                -2.3,
                -10.7,
            ],
            random=True,
        ),
        tolerance=1e-11,
        expect=np.array(
            [
                -100000.57719921567,
                -10.423754940411076,
                -1.9635100260214235,
                -0.7549269499470513,
                -0.42375494041107664,
                -0.0015805619870834522,
                0.7031566406452432,
                1.1671535393615113,
                2.002238487563571,
                2.0288674570805814,
                3.384438132685525,
                11.512920464961896,
                0.03648997397857652,
                3.3173231575618227,
                0.13374481244706443,
            ]
        ),
        no_gradient="poles",
    ),
    case(
        tf.digamma,
        given([0.5, 1.3, 2.9, 6.0], random=True),
        expect=np.array(
            [-1.9635100260214235, -0.16919088886679962, 0.8824999506377439, 1.7061176684318005]
        ),
    ),
    case(tf.digamma, special(0.0, -1.0), expect=np.array([np.inf, np.inf])),
    case(tf.digamma, positive(3), dtypes=("float16",), expect=None),
    case(
        tf.zeta,
        given([2.0, 3.0, 1.5, 10.0, 4.0, 1.25], random=False),
        given([1.0, 0.5, 2.5, 0.3, 20.0, 1.0], random=True),
        expect=lambda x, q: np.array(
            [
                1.6449340668482264,
                8.41439832211716,
                1.4037797688568259,
                169350.9508709071,
                4.4895703556606484e-05,
                4.5951118258429435,
            ]
        ),
    ),
    case(
        tf.zeta,
        special(1.0, 2.0, 0.5, 3.0),
        special(2.0, 0.0, 1.0, -2.0),
        expect=lambda x, q: np.array([np.inf, np.inf, np.nan, np.inf]),
    ),
    case(
        tf.polygamma,
        given([0.0, 1.0, 2.0, 3.0, 5.0]),
        given([1.3, 1.0, 0.5, 4.0, 2.2], random=True),
        expect=lambda a, x: np.array(
            [
                -0.16919088886679962,
                1.6449340668482264,
                -16.82879664423432,
                0.04486532819275507,
                1.201921216126424,
            ]
        ),
    ),
    case(
        tf.polygamma,
        special(1.5, -1.0),
        special(1.0, 1.0),
        expect=lambda a, x: np.array([np.nan, np.nan]),
    ),
    case(
        tf.igamma,
        given([0.5, 2.0, 3.0, 10.0, 40.0, 200.0], random=True),
        given([0.3, 1.5, 7.0, 9.0, 45.0, 190.0], random=True),
        expect=lambda a, x: np.array(
            [
                0.5614219739190002,
                0.4421745996289254,
                0.9703638361194782,
                0.4125917556680586,
                0.7916181799674072,
                0.2433474271006238,
            ]
        ),
        no_second=A_SECOND,
    ),
    case(
        tf.igammac,
        given([0.5, 2.0, 3.0, 10.0, 40.0, 200.0], random=True),
        given([0.3, 1.5, 7.0, 9.0, 45.0, 190.0], random=True),
        expect=lambda a, x: np.array(
            [
                0.4385780260809999,
                0.5578254003710745,
                0.029636163880521777,
                0.5874082443319414,
                0.20838182003259278,
                0.7566525728993762,
            ]
        ),
        no_second=A_SECOND,
    ),
    case(
        tf.igamma,
        given([0.5, 2.0, 3.0, 10.0]),
        given([0.3, 1.5, 7.0, 9.0], random=True),
        expect=lambda a, x: np.array(
            [0.5614219739190002, 0.4421745996289254, 0.9703638361194782, 0.4125917556680586]
        ),
        label="igamma of x",
    ),
    case(
        igamma_grad_a,
        given([0.5, 2.0, 3.0, 10.0, 40.0, 200.0]),
        given([0.3, 1.5, 7.0, 9.0, 45.0, 190.0]),
        tolerance=1e-11,
        expect=lambda a, x: np.array(
            [
                -0.7705703513753519,
                -0.3134886378250793,
                -0.034996415852200244,
                -0.12703651192426837,
                -0.04462581864678252,
                -0.02235282834155004,
            ]
        ),
    ),
    case(
        tf.igamma,
        special(1.0, 0.0, 2.0, -1.0, 1.0),
        special(0.0, 1.0, np.inf, 1.0, -1.0),
        expect=lambda a, x: np.array([0, np.nan, 1, np.nan, np.nan]),
    ),
    case(
        tf.igammac,
        special(1.0, 0.0, 2.0),
        special(0.0, 1.0, np.inf),
        expect=lambda a, x: np.array([1, np.nan, 0]),
    ),
    *broadcasting(tf.igamma, positive, None, no_second=A_SECOND, halves=()),
    case(
        tf.betainc,
        given([0.5, 2.0, 5.0, 30.0]),
        given([0.5, 3.0, 1.0, 40.0]),
        given([0.3, 0.9, 0.2, 0.45], random=True),
        expect=lambda a, b, x: np.array(
            [0.36901011956554536, 0.9963, 0.0003200000000000001, 0.6447480085585681]
        ),
    ),
    case(
        tf.betainc,
        special(1.0, 1.0, -1.0),
        special(2.0, 2.0, 1.0),
        special(0.0, 1.0, 0.5),
        expect=lambda a, b, x: np.array([0, 1, np.nan]),
    ),
    case(
        tf.betainc,
        given(2.0),
        given([0.5, 3.0]),
        given([0.2, 0.7], random=True),
        expect=lambda a, b, x: np.array([0.016130089900092535, 0.9163]),
    ),
    case(
        tf.betainc,
        given([2.0, 2.0]),
        given([0.5, 3.0]),
        given(0.2, random=True),
        expect=lambda a, b, x: np.array([0.016130089900092535, 0.18080000000000002]),
    ),
    case(
        tf.math.bessel_i0e,
        given([-20.0, -7.0, -1.0, 0.3, 2.0, 7.9, 8.1, 100.0], random=True),
        expect=np.array(
            [
                0.08978031188482602,
                0.15373774467288126,
                0.46575960759364043,
                0.7575806251825479,
                0.30850832255367105,
                0.14436986414104191,
                0.14251180948829528,
                0.03994437929909668,
            ]
        ),
    ),
    case(tf.math.bessel_i0e, floats(3), dtypes=("float16",), expect=None),
    case(
        bessel_i1e,
        given([-20.0, -7.0, -1.0, 0.3, 2.0, 7.9, 8.1, 100.0], random=True),
        expect=np.array(
            [
                -0.08750622218328867,
                -0.14228923470959867,
                -0.20791041534970844,
                0.1123775606398388,
                0.21526928924893765,
                0.13489649943989376,
                0.13340068832583662,
                0.03974415302513025,
            ]
        ),
    ),
    case(bessel_i1e, floats(3), dtypes=("float16",), expect=None),
    case(
        tf.math.bessel_i0,
        given([-3.0, 0.4, 2.0, 9.0], random=True),
        expect=np.array(
            [4.8807925858650245, 1.0404017822293412, 2.2795853023360673, 1093.5883545113747]
        ),
    ),
    case(
        tf.math.bessel_i1,
        given([-3.0, 0.4, 2.0, 9.0], random=True),
        expect=np.array(
            [-3.9533702174026093, 0.2040267557335706, 1.590636854637329, 1030.9147225169565]
        ),
    ),
    case(tf.lbeta, given([1.0, 2.0, 3.0], random=True), expect=np.array(-4.0943445622221)),
    case(tf.lbeta, positive(4, 3), expect=lambda x: lgamma(x).sum(-1) - lgamma(x.sum(-1))),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


def test_small_values_of_erfc_are_right_in_relative_terms() -> None:
    points = [5.0, 10.0, 20.0, 26.0]
    exact = [
        1.537459794428035e-12,
        2.088487583762545e-45,
        5.395865611607901e-176,
        5.663192408856143e-296,
    ]
    with tf.Session() as session:
        found = session.run(tf.erfc(tf.constant(points, tf.float64)))
    np.testing.assert_allclose(found, exact, rtol=1e-15)


def test_small_tails_of_igamma_are_right_in_relative_terms() -> None:
    with tf.Session() as session:
        found = session.run(
            [
                tf.igamma(tf.constant(20.0, tf.float64), tf.constant(1.0, tf.float64)),
                tf.igammac(tf.constant(3.0, tf.float64), tf.constant(60.0, tf.float64)),
            ]
        )
    np.testing.assert_allclose(found, [1.5875276010732629e-19, 1.6295866529378224e-23], rtol=1e-13)


def test_the_second_derivative_of_igamma_by_a_is_refused() -> None:
    a, x = tf.constant(2.0), tf.constant(1.0)
    (first,) = tf.gradients(tf.igamma(a, x), a)
    with pytest.raises(LookupError, match="second derivative of igamma"):
        tf.gradients(first, a)


def test_betainc_does_not_broadcast_matrices() -> None:
    with pytest.raises(ValueError, match="not compatible"):
        tf.betainc(tf.ones([2]), tf.ones([2, 1]), 0.5)
