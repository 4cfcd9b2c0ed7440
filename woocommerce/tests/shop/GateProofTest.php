<?php
/**
 * What a shopper types: read where it has one meaning only, asked about otherwise; and quantities as ELMED counts them.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Gate\Line;
use Elmed\WooCommerce\Gate\Messages;
use Elmed\WooCommerce\Gate\Packs;
use Elmed\WooCommerce\Gate\Proof;
use Elmed\WooCommerce\Gate\Verdict;

final class GateProofTest extends TestCase {

	/** @dataProvider days */
	public function test_a_date_is_read_where_it_has_one_meaning( string $typed, string $day ): void {
		$proof = new Proof( 'AB', $typed );
		$this->assertSame( array( $day, '' === $day ? 'date_unclear' : null ), array( $proof->born, $proof->problem ) );
	}

	public static function days(): array {
		return array(
			array( '1980-04-03', '1980-04-03' ), array( '1980/4/3', '1980-04-03' ), array( ' 1980-04-03 ', '1980-04-03' ),
			array( '3.4.1980', '1980-04-03' ), array( '25/12/1980', '1980-12-25' ), array( '12/25/1980', '1980-12-25' ), array( '4/4/1980', '1980-04-04' ),
			array( '03/04/1980', '' ), array( '1980-02-30', '' ), array( '31.2.1980', '' ), array( 'April 3', '' ), array( '80-04-03', '' ),
		);
	}

	/** @dataProvider incomplete */
	public function test_what_is_missing_is_named( $reference, $born, string $problem ): void {
		$this->assertSame( $problem, ( new Proof( $reference, $born ) )->problem );
	}

	public static function incomplete(): array {
		return array( array( '', '1980-04-03', 'reference_missing' ), array( '  ', '', 'reference_missing' ), array( 'AB', '', 'date_missing' ), array( array( 'x' ), '1980-04-03', 'reference_missing' ), array( 'AB', array( 'x' ), 'date_missing' ) );
	}

	public function test_a_fingerprint_tells_proofs_and_baskets_apart_and_holds_nothing_of_them(): void {
		$line        = new Line( 1, 'A', 'A' );
		$line->milli = 1000;
		$more        = clone $line;
		$more->milli = 2000;
		$one         = ( new Proof( 'abcd', '1980-04-03' ) )->fingerprint( array( $line ) );

		$this->assertSame( $one, ( new Proof( 'ABCD', '3.4.1980' ) )->fingerprint( array( $line ) ) );
		$this->assertNotSame( $one, ( new Proof( 'ABCD', '1980-04-04' ) )->fingerprint( array( $line ) ) );
		$this->assertNotSame( $one, ( new Proof( 'ABCD', '1980-04-03' ) )->fingerprint( array( $more ) ) );
		$this->assertMatchesRegularExpression( '/^[0-9a-f]+$/', $one );
	}

	/** @dataProvider quantities */
	public function test_quantities_are_decimal_strings( $given, string $text ): void {
		$this->assertSame( $text, Packs::text( Packs::milli( $given ) ) );
	}

	public static function quantities(): array {
		return array( array( 2, '2' ), array( '0.5', '0.5' ), array( 1.25, '1.25' ), array( '28.0', '28' ), array( 0, '0' ), array( '0.005', '0.005' ) );
	}

	public function test_every_reason_has_words_and_an_unknown_one_is_a_no(): void {
		foreach ( array( 'not_covered', 'too_much', 'awaiting_pharmacist', 'not_routed_here', 'already_dispensed', 'reserved', 'too_early', 'expired', 'not_active', 'not_online', 'unit_mismatch', 'no_matching_prescription', 'reference_locked', 'checks_paused', 'unreachable', 'busy' ) as $reason ) {
			$this->assertNotSame( Messages::of( Verdict::no( 'cannot_check' ) ), Messages::of( Verdict::no( $reason, 'Thing' ) ), $reason );
			$this->assertStringNotContainsString( '%', Messages::of( Verdict::no( $reason ) ) );
		}
		$this->assertSame( Messages::of( Verdict::no( 'cannot_check' ) ), Messages::of( Verdict::no( 'what_is_this' ) ) );
	}
}
