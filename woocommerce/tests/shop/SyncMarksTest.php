<?php
/**
 * What the sync must not lose: marks that somebody took away, a variation's own SKU, packs sold while a page is worked off.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Gate\Basket;
use Elmed\WooCommerce\Sync\ProductMeta;
use WC_Order;
use WC_Product_Attribute;
use WC_Product_Variable;
use WC_Product_Variation;

require_once __DIR__ . '/SyncCase.php';

final class SyncMarksTest extends SyncCase {

	/** @dataProvider marks */
	public function test_a_mark_that_was_taken_away_comes_back_with_the_next_sync( string $mark, string $instead ): void {
		$this->inElmed( 'MED', array( 'medicine' => true ) );
		$this->sync();
		$product = $this->inShop( 'MED' );
		$was     = $product->get_meta( $mark );
		$product->update_meta_data( $mark, $instead );
		$product->save();

		$counts = $this->sync()->counts;
		$this->assertSame( array( 1, 0 ), array( $counts['updated'], $counts['unchanged'] ) );
		$this->assertNotSame( '', $was );
		$this->assertSame( $was, $this->inShop( 'MED' )->get_meta( $mark ) );
		$this->assertSame( 1, $this->sync()->counts['unchanged'] );
	}

	public static function marks(): array {
		return array(
			'needs a prescription, emptied' => array( ProductMeta::REQUIRES_PRESCRIPTION, '' ),
			'needs a prescription, no'      => array( ProductMeta::REQUIRES_PRESCRIPTION, 'no' ),
			'controlled'                    => array( ProductMeta::CONTROLLED, '' ),
			'active'                        => array( ProductMeta::ACTIVE, '' ),
			'SKU'                           => array( ProductMeta::SKU, 'ANOTHER' ),
		);
	}

	public function test_a_variation_is_marked_like_its_parent_and_is_not_asked_about_under_its_parents_sku(): void {
		$this->inElmed( 'MED', array( 'medicine' => true ) );
		$this->sync();
		$variation = $this->variationOf( $this->inShop( 'MED' )->get_id() );

		$this->assertTrue( ProductMeta::requiresPrescription( $variation ) );
		$this->assertSame( array( null, null ), array( ProductMeta::sku( $variation ), ProductMeta::id( $variation ) ) );

		$order = new WC_Order();
		$order->add_product( $variation, 1 );
		$order->save();
		$line = Basket::ofOrder( $order )[0];
		$this->assertSame( array( $variation->get_id(), null ), array( $line->product, $line->sku ) );
		$variation->update_meta_data( ProductMeta::SKU, 'MED-63' );
		$this->assertSame( 'MED-63', ProductMeta::sku( $variation ) );
	}

	public function test_the_last_pack_that_is_sold_while_its_page_is_worked_off_is_not_sold_again(): void {
		$there = $this->inElmed( 'LAST', array( 'stock' => '1' ) );
		$this->sync();
		$this->changeInElmed( $there, array( 'name' => 'Another name' ) );
		$sold = 0;
		$sell = function ( $wanted ) use ( &$sold ) {
			if ( 0 === $sold++ ) {
				$order = new WC_Order();
				$order->add_product( $this->inShop( 'LAST' ), 1 );
				$order->save();
				$order->payment_complete();
				$this->assertSame( 0, $this->inShop( 'LAST' )->get_stock_quantity() );
			}
			return $wanted;
		};
		add_filter( 'elmed_sync_product', $sell );
		$this->sync();

		wp_cache_flush();
		$product = $this->inShop( 'LAST' );
		$this->assertSame( array( 'Another name', 0, false ), array( $product->get_name(), $product->get_stock_quantity(), $product->is_in_stock() ) );
	}

	public function test_packs_that_left_the_stock_and_are_on_no_order_yet_count_as_sold(): void {
		$there = $this->inElmed( 'FEW', array( 'stock' => '5' ) );
		$this->sync();
		$this->changeInElmed( $there, array( 'name' => 'Another name' ) );
		add_filter(
			'elmed_sync_product',
			function ( $wanted ) {
				wc_update_product_stock( $this->inShop( 'FEW' ), 2, 'decrease' );
				return $wanted;
			}
		);
		$this->sync();

		wp_cache_flush();
		$this->assertSame( 3, $this->inShop( 'FEW' )->get_stock_quantity() );
	}

	private function variationOf( int $id ): \WC_Product {
		wp_set_object_terms( $id, 'variable', 'product_type' );
		wp_cache_flush();
		$packs = new WC_Product_Attribute();
		$packs->set_name( 'Pack' );
		$packs->set_options( array( '21', '63' ) );
		$packs->set_variation( true );
		$parent = new WC_Product_Variable( $id );
		$parent->set_attributes( array( $packs ) );
		$parent->save();
		$variation = new WC_Product_Variation();
		$variation->set_parent_id( $id );
		$variation->set_attributes( array( 'pack' => '63' ) );
		$variation->set_regular_price( '90' );
		$variation->save();
		return wc_get_product( $variation->get_id() );
	}
}
